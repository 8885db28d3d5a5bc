// Draws every figure of the page from the data that stands beside it: in the colours of the reader's theme, on paper in light ones.
//
// window.rnnFigures, for scripts that change a figure (widgets.js); an element is a .rnn-figure:
//   read(element)           the figure that the page came with: {data, layout, alt, note}
//   draw(element, figure)   show another one
window.rnnFigures = (() => {
  const PAPER = 540; // pixels that fit beside the margins of A4 and Letter
  const shown = new Map(); // element -> figure
  const page = document.documentElement;
  let paper = false, onScreen; // whether this is for the printer, and the theme that the screen had

  const theme = () => (page.dataset.theme === "dark" ? "dark" : "light");
  const part = (element, name) => element.querySelector(name);

  function themed(figure) {
    const [ink, grid] = theme() === "dark" ? ["#ced6dd", "#41474f"] : ["#323232", "#e3e5e8"];
    const layout = { ...structuredClone(figure.layout), paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 13 } };
    Object.assign(layout, paper ? { width: PAPER } : { autosize: true });
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      layout[name] = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, ...layout[name] };
    }
    return layout;
  }

  function read(element) {
    const { data, layout } = JSON.parse(part(element, 'script[type="application/json"]').textContent);
    return { data, layout, alt: part(element, ".rnn-plot").getAttribute("aria-label"), note: part(element, ".rnn-note").textContent };
  }

  async function draw(element, figure) {
    shown.set(element, figure);
    const plot = part(element, ".rnn-plot"), note = part(element, ".rnn-note");
    part(plot, "noscript")?.remove();
    plot.setAttribute("aria-label", figure.alt);
    if (note.textContent !== figure.note) note.textContent = figure.note;
    const settings = { responsive: !paper, displayModeBar: false };
    await Plotly.react(plot, structuredClone(figure.data), themed(figure), settings);
    element.dataset.drawn = theme();
  }

  const all = () => [...document.querySelectorAll(".rnn-figure")];
  const redraw = () => all().forEach((element) => draw(element, shown.get(element) ?? read(element)));

  addEventListener("DOMContentLoaded", async () => {
    new MutationObserver(redraw).observe(page, { attributeFilter: ["data-theme"] });
    for (const element of all()) {
      if (!shown.has(element)) await draw(element, read(element));
      await new Promise((later) => setTimeout(later)); // the browser may paint between two figures
    }
  });
  addEventListener("beforeprint", () => { onScreen = page.dataset.theme; paper = true; page.dataset.theme = "light"; redraw(); });
  addEventListener("afterprint", () => { paper = false; page.dataset.theme = onScreen; redraw(); });
  return { read, draw };
})();
