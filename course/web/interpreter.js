// The interpreter that answers questions: a worker, and another one after it
// whenever one has died or is late.
import { PINS } from "./pins.js";
import { GRADER } from "./files.js";

const GRACE = 5; // seconds that a run gets after its own time is up

// Fetch a file of the project; null if there is none.
export async function fetchText(url) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`${url} can't be fetched. Is its server there, and does `
      + "it allow pages of other servers to read it (CORS)?");
  }
  return response.ok ? response.text() : null;
}

async function fetchPinned({ url, integrity }) {
  const response = await fetch(url, { integrity, credentials: "omit" });
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.arrayBuffer();
}

export class Interpreter {
  // onStep(words, part) is called as the loading goes on; part is from 0 to 1.
  constructor(onStep) {
    this.onStep = onStep;
  }

  // Fetch all that there is to be fetched, and start Python.
  async load() {
    const total = PINS.reduce((sum, pin) => sum + pin.size, 0);
    let done = 0;
    const fetched = await Promise.all(PINS.map(async (pin) => {
      const file = await fetchPinned(pin);
      done += pin.size;
      this.onStep("Loading Python", 0.8 * done / total);
      return [pin.name, file];
    }));
    this.files = Object.fromEntries(fetched);
    const sources = await Promise.all(GRADER.map(async (name) => [
      name, await fetchText(`../grader/${name}`)]));
    this.sources = Object.fromEntries(sources);
    this.code = await fetchText("worker.js");
    await this.start();
  }

  // Start Python in a new worker.
  async start() {
    this.onStep("Starting Python", 0.8);
    this.worker?.terminate();
    const blob = new Blob([this.code], { type: "text/javascript" });
    const url = URL.createObjectURL(blob);
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
    this.onStep("Ready", 1);
  }

  // Open an assignment, in each interpreter that is still to come, too.
  async open(question) {
    const answer = await this.ask({ ask: "open", ...question });
    this.opening = JSON.stringify({ ask: "open", ...question });
    return answer;
  }

  // Send a message to the worker; return what it replies in the end, or
  // { fatal } if it dies, or { late } if a run says nothing for too long.
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
            () => finish({ late }), 1000 * (seconds + GRACE));
        }
        onTell(data.tell, ...data.facts);
      };
      worker.postMessage(message);
    });
  }

  // Ask a question and return the answer. What is found on the way is told
  // to a function. A run that the interpreter does not survive costs that run
  // alone: the question is asked again, with all that is known of its runs.
  async ask(question, onFound = () => {}) {
    const finished = {};
    const lost = {};
    let run = null; // the key of the run under way, and what it has written
    const onTell = (what, ...facts) => {
      if (what === "begin") {
        run = { key: facts[0], written: "" };
      } else if (what === "line") {
        run.written += facts[0];
      } else if (what === "end") {
        finished[facts[0]] = JSON.parse(facts[1]);
        run = null;
      } else {
        onFound(...facts);
      }
    };
    for (;;) {
      const whole = { ...question };
      if (question.ask === "run" || question.ask === "grade") {
        whole.known = { finished, lost };
      }
      const reply = await this.send(
        { question: JSON.stringify(whole) }, onTell);
      if (reply.answer) {
        return reply.answer;
      }
      await this.start();
      if (!run) {
        return { error: `Python has ended: ${reply.fatal}` };
      }
      const end = reply.late
        ? `took more than ${reply.late} s` : "ended the interpreter";
      lost[run.key] = [...lost[run.key] ?? [], [run.written, end]];
      run = null;
    }
  }
}
