// Draws every figure of the page from the data that stands beside it, in the colours of the reader's theme.
(() => {
  const dark = () => document.documentElement.dataset.theme === "dark";

  function themed(figure) {
    const ink = dark() ? "#ced6dd" : "#323232";
    const grid = dark() ? "#41474f" : "#e3e5e8";
    const layout = { ...structuredClone(figure.layout), paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink, size: 13 } };
    layout.autosize = true;
    for (const name of Object.keys(layout).filter((key) => /^[xy]axis/.test(key))) {
      layout[name] = { gridcolor: grid, linecolor: grid, zerolinecolor: grid, ...layout[name] };
    }
    return layout;
  }

  const settings = { responsive: true, displayModeBar: false };

  function draw(element) {
    const figure = JSON.parse(element.querySelector('script[type="application/json"]').textContent);
    const plot = element.querySelector(".rnn-plot");
    plot.querySelector("noscript")?.remove();
    return Plotly.react(plot, structuredClone(figure.data), themed(figure), settings).then(() => { element.dataset.drawn = document.documentElement.dataset.theme; });
  }

  addEventListener("DOMContentLoaded", () => {
    const figures = [...document.querySelectorAll(".rnn-figure")];
    figures.forEach(draw);
    new MutationObserver(() => figures.forEach(draw)).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  });
})();
