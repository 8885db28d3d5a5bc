// Makes every widget of the page alive: figures computed beforehand at once, all others by the page's Python kernel.
//
// A widget is what rnncore.widgets.base writes: a form with a control for each parameter, a .rnn-figure, and as JSON its name and the
// figures computed beforehand. window.rnnKernel (kernel.js) computes: call(name, values) is a promise of a figure, of {data, layout,
// alt, note}. Until the reader asks for a figure that is not in the page, nothing is loaded.
(() => {
  const widgets = [];
  let kernel = { state: "failed", message: "This copy of the course came without Python." }; // what the kernel said last
  let stops = 0; // how often the reader stopped it
  const isLive = () => kernel.state === "ready" || kernel.state === "busy";

  const readers = { range: (input) => input.valueAsNumber, checkbox: (input) => input.checked, "select-one": (input) => JSON.parse(input.value) };
  const read = (input) => (readers[input.type] ?? (() => input.value))(input);
  function write(input, value) {
    if (input.type === "checkbox") input.checked = value;
    else input.value = input.type === "select-one" ? JSON.stringify(value) : value;
  }
  const label = (input) => input.closest("label").firstChild.textContent;
  const list = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);
  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 9.95e6 ? 1 : 0);
  const later = () => new Promise((go) => setTimeout(go));

  /** The first figure with what is different in another one; see rnncore.widgets.base. */
  const changed = (first, { data, traces, layout, alt, note }) => ({
    data: data ?? first.data.map((trace, i) => ({ ...trace, ...traces[i] })),
    layout: { ...first.layout, ...layout },
    alt,
    note,
  });

  function mount(element) {
    const part = (name) => element.querySelector(name);
    const spec = JSON.parse(part(':scope > script[type="application/json"]').textContent);
    const form = part("form"), inputs = [...form.elements].filter(({ name }) => name), figure = part(".rnn-figure");
    const buttons = Object.fromEntries([...element.querySelectorAll("button")].map((button) => [button.dataset.do, button]));
    const values = () => Object.fromEntries(inputs.map((input) => [input.name, read(input)]));
    const key = (of) => JSON.stringify(inputs.map(({ name }) => (typeof of[name] === "number" ? +of[name].toPrecision(9) : of[name])));

    const start = values(), first = rnnFigures.read(figure), frames = new Map([[key(start), first]]);
    for (const [given, frame] of spec.frames) {
      const known = Object.fromEntries(spec.precomputed.map((name, i) => [name, given[i]]));
      frames.set(key({ ...start, ...known }), changed(first, frame));
    }
    let shown = start; // the values that the figure shows
    let wanted = null; // the values that the kernel is asked for
    let asking = false, touched = inputs[0], refused = null, slow, next;

    function draw(frame, now) {
      shown = now;
      element.dataset.shown = key(now);
      forgive();
      return rnnFigures.draw(figure, frame);
    }

    /** Show the figure for what the controls say: from the page if it is there, else from the kernel. */
    function update() {
      const now = values(), frame = frames.get(key(now));
      if (!frame || isLive()) return ask(now);
      wanted = null;
      draw(frame, now);
      say();
    }

    /** Ask the kernel; of the requests that come meanwhile only the newest counts. */
    async function ask(now) {
      wanted = now;
      say();
      if (asking) return;
      asking = true;
      while (wanted) {
        const asked = wanted, before = stops;
        try {
          if (!isLive()) await rnnKernel.start();
          const frame = await rnnKernel.call(spec.name, asked);
          if (wanted) await draw(frame, asked);
          if (wanted === asked) wanted = null;
        } catch (error) {
          await later(); // the kernel says what became of it
          if (stops !== before || kernel.state === "failed") restore();
          else if (wanted === asked) refuse(error.message);
        }
        say();
      }
      asking = false;
    }

    /** Put the controls back to what the figure shows; without a kernel to a figure that is in the page. */
    function restore() {
      wanted = null;
      if (kernel.state === "failed" && !frames.has(key(shown))) draw(first, start);
      for (const input of inputs) write(input, shown[input.name]);
      forgive();
      label_values();
    }

    /** Say at its control what Python did not accept; the last figure stays. */
    function refuse(message) {
      wanted = null;
      forgive();
      let sentence = message.trim().split("\n").at(-1).replace(/^\w*Error: /, "").replace(`${spec.name}: `, "");
      const named = inputs.find(({ name }) => sentence.startsWith(`${name} `));
      refused = named ?? inputs.find((input) => input.type === "text") ?? touched;
      if (named) sentence = label(named) + sentence.slice(named.name.length);
      const place = Object.assign(document.createElement("p"), { className: "rnn-control-error", id: `rnn-error-${widgets.indexOf(say)}`, textContent: sentence });
      place.setAttribute("role", "alert");
      refused.closest(".rnn-control").append(place);
      refused.setAttribute("aria-invalid", "true");
      refused.setAttribute("aria-describedby", place.id);
    }

    function forgive() {
      part(".rnn-control-error")?.remove();
      refused?.removeAttribute("aria-invalid");
      refused?.removeAttribute("aria-describedby");
      refused = null;
    }

    function label_values() {
      for (const input of inputs.filter(({ type }) => type === "range")) {
        const text = `${input.valueAsNumber.toFixed(input.dataset.digits)} ${input.dataset.unit}`.trim();
        input.closest(".rnn-control").querySelector("output").textContent = text;
        input.setAttribute("aria-valuetext", text);
      }
    }

    /** Everything the reader is told about the state of things. */
    function say() {
      const failed = kernel.state === "failed", waiting = wanted !== null, starting = waiting && !isLive();
      const needed = inputs.filter(({ name }) => !spec.precomputed.includes(name));
      element.dataset.state = waiting ? "computing" : failed ? "failed" : isLive() ? "live" : "static";
      figure.setAttribute("aria-busy", waiting);
      buttons.live.hidden = isLive() || starting || !window.rnnKernel;
      if (failed && !waiting && needed.includes(document.activeElement)) buttons.live.focus();
      for (const input of needed) input.disabled = failed && !waiting;
      buttons.live.textContent = failed ? "Try again" : kernel.total ? `Run live (${megabytes(kernel.total)} MB)` : "Run live";
      const progress = part("progress");
      progress.hidden = !starting;
      if (kernel.total && kernel.bytes < kernel.total) Object.assign(progress, { max: kernel.total, value: kernel.bytes });
      else progress.removeAttribute("value");
      clearTimeout(slow);
      buttons.cancel.hidden = !starting;
      if (waiting && !starting) slow = setTimeout(() => { buttons.cancel.hidden = false; tell("Python is computing."); }, 700);
      if (starting) tell(startingText());
      else if (failed) tell(`${kernel.message} ${needed.length ? "The grey controls need it." : ""}`);
      else if (!waiting) tell(isLive() ? `Live: ${kernel.message}.` : staticText(needed));
    }

    const tell = (text) => { const place = part(".rnn-widget-status"); if (place.textContent !== text) place.textContent = text; };
    const startingText = () => (kernel.total ? `${kernel.message}: ${megabytes(kernel.bytes)} of ${megabytes(kernel.total)} MB.` : "Starting Python.");
    const staticText = (needed) => {
      const ready = inputs.filter((input) => !needed.includes(input)).map(label);
      if (!needed.length) return "";
      const start = kernel.total ? `starts Python in this page (${megabytes(kernel.total)} MB, once)` : "starts Python in this page";
      return ready.length ? `${list(ready)}: at once. Anything else ${start}.` : `A change ${start}.`;
    };

    form.addEventListener("submit", (event) => event.preventDefault());
    for (const input of inputs) {
      input.addEventListener(input.type === "text" ? "change" : "input", () => {
        touched = input;
        label_values();
        cancelAnimationFrame(next);
        next = requestAnimationFrame(update);
      });
    }
    buttons.reset.addEventListener("click", () => { form.reset(); forgive(); label_values(); update(); });
    buttons.live.addEventListener("click", () => ask(values()));
    buttons.cancel.addEventListener("click", () => { stops += 1; rnnKernel.cancel(); });
    widgets.push(say);
    element.dataset.shown = key(start);
    label_values();
  }

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".rnn-widget").forEach(mount);
    const announce = () => widgets.forEach((say) => say());
    if (window.rnnKernel) {
      kernel = { state: "off" };
      rnnKernel.onstate((state) => { kernel = state; announce(); });
    }
    announce();
  });
})();
