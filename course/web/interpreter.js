// The interpreter that answers questions: a worker, and another one after it
// whenever one has died or is late.
import { fetchPinned, fetchText, fetchTexts } from "./fetching.js";
import { GRADER } from "./files.js";
import { PINS } from "./pins.js";

const GRACE = 5; // seconds that a run gets after its own time is up

export class Interpreter {
  /**
   * @param {function(string, number)} onStep - called as the loading goes on:
   *   with what is being done, and which part of all is done, from 0 to 1
   */
  constructor(onStep) {
    this.onStep = onStep;
  }

  /** Fetch all that there is to be fetched, and start Python. */
  async load() {
    const total = PINS.reduce((sum, pin) => sum + pin.size, 0);
    let done = 0;
    this.onStep("Loading Python", 0);
    this.files = Object.fromEntries(await Promise.all(
      PINS.map(async (pin) => {
        const file = await fetchPinned(pin);
        done += pin.size;
        this.onStep("Loading Python", 0.8 * done / total);
        return [pin.name, file];
      })));
    this.sources = await fetchTexts(
      GRADER, new URL("../grader/", location.href));
    this.code = await fetchText("worker.js");
    await this.start();
  }

  /** Start Python in a new worker. */
  async start() {
    this.onStep("Starting Python", 0.8);
    this.worker?.terminate();
    const url = URL.createObjectURL(
      new Blob([this.code], { type: "text/javascript" }));
    this.worker = new Worker(url, { type: "module" });
    const { files, sources } = this;
    const reply = await this.send({ start: { files, sources } }, () => {});
    URL.revokeObjectURL(url);
    if (!reply.ready) {
      throw new Error(`Python does not start: ${reply.fatal}`);
    }
    if (this.opening) {
      await this.send({ question: this.opening }, () => {});
    }
  }

  /** Open an assignment, in each interpreter that is still to come, too. */
  async open(facts) {
    const question = { ask: "open", ...facts };
    const answer = await this.ask(question);
    this.opening = JSON.stringify(question);
    return answer;
  }

  /**
   * Send a message to the worker. Return what it replies in the end, or
   * { fatal } if it dies, or { late } if a run says nothing for too long.
   */
  send(message, onTell) {
    return new Promise((resolve) => {
      const { worker } = this;
      let timer;
      let seconds = 0; // that the run under way may be silent
      const finish = (reply) => {
        clearTimeout(timer);
        worker.onmessage = worker.onerror = null;
        resolve(reply);
      };
      worker.onerror = (event) => finish({ fatal: event.message });
      worker.onmessage = ({ data }) => {
        if (!data.tell) {
          finish(data);
          return;
        }
        if (data.tell === "begin") {
          [, seconds] = data.facts;
        } else if (data.tell === "end") {
          seconds = 0;
        }
        clearTimeout(timer);
        if (seconds) {
          const late = seconds;
          timer = setTimeout(
            () => finish({ late }), 1000 * (late + GRACE));
        }
        onTell(data.tell, ...data.facts);
      };
      worker.postMessage(message);
    });
  }

  /**
   * Ask a question; return the answer, or throw the error that it is.
   *
   * What is found on the way is told to a function. A run that the interpreter
   * does not survive costs that run alone: the question is asked again, with
   * all that is known of its runs.
   */
  async ask(question, onFound = () => {}) {
    const known = { finished: {}, lost: {} };
    let run = null; // the key of the run under way, and what it has written
    const onTell = (what, ...facts) => {
      if (what === "begin") {
        run = { key: facts[0], written: "" };
      } else if (what === "line") {
        run.written += facts[0];
      } else if (what === "end") {
        known.finished[facts[0]] = JSON.parse(facts[1]);
        run = null;
      } else {
        onFound(...facts);
      }
    };
    const makesRuns = question.ask === "run" || question.ask === "grade";
    for (;;) {
      const reply = await this.send({ question: JSON.stringify(
        makesRuns ? { ...question, known } : question) }, onTell);
      if (reply.answer?.error) {
        throw new Error(reply.answer.error);
      }
      if (reply.answer) {
        return reply.answer;
      }
      await this.start();
      if (!run) {
        throw new Error(`Python has ended: ${reply.fatal}`);
      }
      const end = reply.late
        ? `took more than ${reply.late} s` : "ended the interpreter";
      known.lost[run.key] = [
        ...known.lost[run.key] ?? [], [run.written, end]];
      run = null;
    }
  }
}
