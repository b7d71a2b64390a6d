#!/usr/bin/env python3
"""Refuse, in this interpreter, what a browser can't do, and say who asked.

A browser has no threads, processes, signals, servers or event loops of
asyncio. A test that fails because such a call was refused is not judged.
"""
import asyncio
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any, Callable, List, Tuple

# Whose attribute each call is, its name, and how it is told.
CALLS: List[Tuple[Any, str, str]] = [
    (threading.Thread, "start", "starts a thread"),
    (sys.modules["_thread"], "start_new_thread", "starts a thread"),
    (BaseProcess, "start", "starts a process"),
    (ProcessPoolExecutor, "__init__", "starts a process"),
    (subprocess.Popen, "__init__", "starts a process"),
    *((os, name, "starts a process") for name in (
        "fork", "forkpty", "posix_spawn", "posix_spawnp", "system")),
    *((owner, name, "uses multiprocessing")
      for owner in (multiprocessing, BaseContext) for name in (
          "Barrier", "BoundedSemaphore", "Condition", "Event",
          "JoinableQueue", "Lock", "Manager", "Pool", "Queue", "RLock",
          "Semaphore", "SimpleQueue")),
    *((os, name, "sends a signal") for name in ("kill", "killpg")),
    *((signal, name, "uses signals") for name in (
        "alarm", "setitimer", "raise_signal", "signal", "pthread_kill")),
    *((socket.socket, name, "uses a socket") for name in (
        "bind", "listen", "connect", "connect_ex", "sendto")),
    (socket, "socketpair", "uses a socket"),
    (asyncio, "run", "uses asyncio"),
    *((module, name, "uses asyncio") for module in (asyncio, asyncio.events)
      for name in ("get_event_loop", "new_event_loop")),
]

# Modules in whose classes calls are refused.
MODULES = tuple(sys.modules[owner.__module__] for owner in (
    BaseContext, BaseProcess, ProcessPoolExecutor, socket.socket,
    subprocess.Popen, threading.Thread))


class NotHere(RuntimeError):
    """This can't be done in a browser."""


def refuse(note: Callable[[str], None]) -> None:
    """Put functions in the place of these calls that raise NotHere.

    Before that, `note` is called with what the call does. A browser lacks
    some of the names; here they are all there, as on a computer. Whoever wants
    the calls back has to keep what the names meant.
    """
    for owner, name, what in CALLS:
        setattr(owner, name, refusing(what, note))


def refusing(what: str, note: Callable[[str], None]) -> Callable[..., Any]:
    """Return a function that refuses one call."""

    def refused(*args: Any, **options: Any) -> None:
        """Note the call, and raise NotHere."""
        note(what)
        raise NotHere(f"a browser can't do this: it {what}")

    return refused
