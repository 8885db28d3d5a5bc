// Python of a page, in a worker, so that the page never waits for it. It lies in the folder that holds Pyodide, NumPy and rnncore.
//
// In:  { id, files }            load Python; files: bytes of each file of the folder that this downloads
//      { id, name, values }     compute the widget `name` with rnncore.widgets.live.call
// Out: { progress: { message, bytes } }, any number of times, then { id, result } or { id, error }
const folder = new URL("./", import.meta.url).href;
let compute;

const tell = (message, bytes) => postMessage({ progress: { message, bytes } });

// Counts what arrives, as it arrives, and remembers what did not.
function watchDownloads(files) {
  const fetched = self.fetch.bind(self);
  let bytes = 0, told = 0, refuse;
  const lost = new Promise((_, reject) => { refuse = reject; }); // Pyodide itself waits for ever for some of its files
  const count = (more) => {
    bytes += more;
    if (performance.now() - told < 100) return;
    told = performance.now();
    tell("Downloading Python and NumPy", bytes);
  };
  self.fetch = async (...request) => {
    const address = String(request[0].url ?? request[0]);
    const name = address.slice(address.lastIndexOf("/") + 1);
    const answer = await fetched(...request).catch(() => undefined);
    if (!answer?.ok) refuse(new Error(`${name} could not be downloaded.`));
    if (!answer?.ok || !(name in files)) return answer ?? Response.error();
    const counter = new TransformStream({ transform(chunk, stream) { count(chunk.byteLength); stream.enqueue(chunk); } });
    return new Response(answer.body.pipeThrough(counter), { status: answer.status, headers: answer.headers });
  };
  return { count, lost, total: () => bytes };
}

async function start(files) {
  const downloads = watchDownloads(files);
  const load = async (name) => {
    const module = await import(folder + name).catch(() => { throw new Error(`${name} could not be downloaded.`); });
    downloads.count(files[name]);
    return module;
  };
  // Both scripts at once; Pyodide imports the second one again, which costs nothing.
  const [{ loadPyodide }] = await Promise.all([load("pyodide.mjs"), load("pyodide.asm.mjs")]);
  const loading = loadPyodide({ indexURL: folder, packages: ["numpy", "rnncore"], stdout: () => {} });
  const python = await Promise.race([loading, downloads.lost]);
  tell("Importing NumPy and rnncore", downloads.total());
  compute = python.runPython("from rnncore.widgets.live import call\ncall");
  return python.runPython("import platform, numpy\nf'Python {platform.python_version()}, NumPy {numpy.__version__}'");
}

function answer({ files, name, values }) {
  if (files) return start(files);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw new Error(`${JSON.stringify(name)} is not the name of a widget of rnncore.widgets.`);
  return compute(name, JSON.stringify(values));
}

// The last line of a traceback is its sentence.
const sentence = (error) => String(error.message ?? error).trim().split("\n").pop().replace(/^[\w.]+(Error|Exception): /, "");

self.onmessage = async ({ data }) => {
  try {
    postMessage({ id: data.id, result: await answer(data) });
  } catch (error) {
    postMessage({ id: data.id, error: sentence(error) });
  }
};
