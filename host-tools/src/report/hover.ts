// The report's only script: a reading line over all plots at once, with the values under it. The page says
// everything without it. Plain JavaScript as text, because it runs in the reader's browser.

/** Reads the curves from the JSON in `#curves`: { timesS, plots: { id: [[name, unit, values]] } }. */
export const HOVER_SCRIPT = `
(() => {
  const data = JSON.parse(document.getElementById("curves").textContent);
  const reading = document.getElementById("reading");
  const pictures = [...document.querySelectorAll("svg[data-plot]")];
  const form = (value, unit) => value === null ? "-"
    : (value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString("en")) + (unit ? " " + unit : "");
  const cell = (row, text) => { row.insertCell().textContent = text; };
  const show = (event, svg) => {
    const box = svg.getBoundingClientRect();
    const { left, right, duration } = svg.dataset;
    const x = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
    const second = (x - left) / (right - left) * duration;
    let k = 0;
    data.timesS.forEach((at, i) => { if (Math.abs(at - second) < Math.abs(data.timesS[k] - second)) k = i; });
    for (const one of pictures) {
      const { left: l, right: r, duration: d } = one.dataset;
      const at = Number(l) + data.timesS[k] / d * (r - l);
      const line = one.querySelector(".cursor");
      line.setAttribute("x1", at);
      line.setAttribute("x2", at);
      line.setAttribute("visibility", "visible");
    }
    const table = document.createElement("table");
    cell(table.insertRow(), data.timesS[k].toFixed(1) + " s");
    for (const [name, unit, values] of data.plots[svg.dataset.plot]) {
      const row = table.insertRow();
      cell(row, name);
      cell(row, form(values[k], unit));
    }
    reading.replaceChildren(table);
    reading.style.display = "block";
    const toLeft = event.clientX > innerWidth - 260;
    reading.style.left = event.clientX + (toLeft ? -reading.offsetWidth - 16 : 16) + "px";
    reading.style.top = Math.min(event.clientY + 14, innerHeight - reading.offsetHeight - 8) + "px";
  };
  const hide = () => {
    reading.style.display = "none";
    for (const line of document.querySelectorAll(".cursor")) {
      line.setAttribute("visibility", "hidden");
    }
  };
  for (const svg of pictures) {
    svg.addEventListener("pointermove", (event) => show(event, svg));
    svg.addEventListener("pointerleave", hide);
  }
})();
`;
