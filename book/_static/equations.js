// An equation that is wider than the screen scrolls inside itself; this lets the keyboard scroll it too.
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  const mark = () => {
    for (const equation of document.querySelectorAll('mjx-container[display="true"]')) {
      const scrolls = equation.scrollWidth > equation.clientWidth;
      scrolls ? equation.setAttribute("tabindex", "0") : equation.removeAttribute("tabindex");
    }
  };
  mark();
  addEventListener("resize", mark);
});
