// The page's Python, shared by all widgets of the page; nothing is downloaded before somebody asks for it.
//
//   rnnKernel.start()                        -> Promise of the versions, such as "Python 3.14.2, NumPy 2.4.6"
//   rnnKernel.call(name, values, {seconds})  -> Promise of the figure of the widget `name`; starts Python if need be.
//                                               A computation that takes longer (20 s) is stopped and Python started anew
//   rnnKernel.cancel()                       stops a start or a computation; the next call starts Python again
//   rnnKernel.onstate(listener)              listener({ state, message, bytes, total }), at once and at every change;
//                                            state is off, starting, ready, busy or failed; returns a function that ends it
//
// A promise is rejected with an Error whose message is a sentence for the reader. After a failed start, calls are rejected at once
// with the same sentence, until start() is called again.
window.rnnKernel = (() => {
  const here = document.currentScript.src;
  const announced = Number(document.currentScript.dataset.bytes) || 0; // the page says how much a start downloads
  const PATIENCE = 60; // seconds without news after which a start has failed
  const STOPPED = "Stopped.";
  let worker, started, failure, generation = 0, number = 0, last = Promise.resolve();
  let now = { state: "off", message: "", bytes: 0, total: announced };
  const asked = new Map(); // number of a question to the worker -> its { resolve, reject }
  const listeners = new Set();

  function set(state, message, more = {}) {
    now = { ...now, state, message, ...more };
    for (const listener of listeners) listener({ ...now });
  }

  function ask(question) {
    return new Promise((resolve, reject) => {
      asked.set(++number, { resolve, reject });
      worker.postMessage({ id: number, ...question });
    });
  }

  function end(reason) {
    worker?.terminate();
    worker = started = undefined;
    for (const { reject } of asked.values()) reject(new Error(reason));
    asked.clear();
  }

  // Rejects with the sentence if `seconds` pass; `again()` sets the clock back.
  function patience(seconds, sentence) {
    let clock, reject;
    const over = new Promise((_, no) => { reject = no; });
    const again = () => { clearTimeout(clock); clock = setTimeout(() => reject(new Error(sentence)), 1000 * seconds); };
    again();
    return { over, again, done: () => clearTimeout(clock) };
  }

  async function files() {
    if (location.protocol === "file:") throw new Error("this page was opened from a file; open it from a web address.");
    if (!window.WebAssembly || !window.Worker) throw new Error("this browser has no WebAssembly.");
    const answer = await fetch(new URL("kernel.json", here), { cache: "no-cache" }).catch(() => undefined);
    if (!answer?.ok) throw new Error("kernel.json could not be downloaded.");
    return answer.json();
  }

  function hire(folder, wait, total) {
    worker = new Worker(new URL(`${folder}worker.mjs`, here), { type: "module" });
    worker.onerror = () => { for (const { reject } of asked.values()) reject(new Error("its files could not be downloaded.")); };
    worker.onmessage = ({ data: { progress, id, result, error } }) => {
      if (progress) {
        wait.again();
        return set("starting", progress.message, { bytes: Math.min(progress.bytes, total) });
      }
      const { resolve, reject } = asked.get(id) ?? {};
      asked.delete(id);
      error === undefined ? resolve?.(result) : reject?.(new Error(error));
    };
  }

  async function begin() {
    const mine = generation;
    const wait = patience(PATIENCE, `nothing arrived for ${PATIENCE} s.`);
    const stale = () => { if (mine !== generation) throw new Error(STOPPED); };
    set("starting", "Starting Python", { bytes: 0 });
    try {
      const info = await Promise.race([files(), wait.over]);
      stale();
      const total = Object.values(info.files).reduce((sum, size) => sum + size, 0);
      set("starting", "Downloading Python and NumPy", { total });
      hire(info.folder, wait, total);
      const versions = await Promise.race([ask({ files: info.files }), wait.over]);
      stale();
      set("ready", `${versions} in this page`, { bytes: total });
      return versions;
    } catch (error) {
      stale();
      failure = `Python could not start: ${error.message}`;
      end(failure);
      set("failed", failure);
      throw new Error(failure);
    } finally {
      wait.done();
    }
  }

  function start() {
    failure = undefined;
    started ??= begin();
    return started;
  }

  async function compute(name, values, seconds) {
    await (started ?? start());
    const sentence = `The computation was stopped, as it took longer than ${seconds} s. Choose smaller values.`;
    const wait = patience(seconds, sentence);
    const before = now.message;
    set("busy", "Computing");
    try {
      const result = await Promise.race([ask({ name, values }), wait.over]);
      return JSON.parse(result);
    } catch (error) {
      if (error.message === sentence) { // Python cannot be interrupted, only ended
        end(sentence);
        start().catch(() => {});
      }
      throw error;
    } finally {
      wait.done();
      if (now.state === "busy") set("ready", before);
    }
  }

  function call(name, values, { seconds = 20 } = {}) {
    if (failure) return Promise.reject(new Error(failure));
    const mine = generation;
    const turn = () => {
      if (mine !== generation) throw new Error(STOPPED);
      if (failure) throw new Error(failure);
      return compute(name, values, seconds);
    };
    const result = last.then(turn);
    last = result.catch(() => {});
    return result;
  }

  function cancel() {
    if (!started) return;
    generation += 1;
    end(STOPPED);
    set("off", STOPPED, { bytes: 0 });
  }

  function onstate(listener) {
    listeners.add(listener);
    listener({ ...now });
    return () => listeners.delete(listener);
  }

  return { start, call, cancel, onstate };
})();
