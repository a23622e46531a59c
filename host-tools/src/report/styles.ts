// How a report looks: one sheet, light or dark as the reader's system says, nothing loaded from elsewhere.

export const REPORT_CSS = `
:root {
  color-scheme: light dark;
  --page: #fbfbf9; --card: #ffffff; --ink: #1c1d21; --soft: #62656e; --rule: #e4e4df;
  --band-a: #00000000; --band-b: #e5484d14; --band-c: #d9920012; --grid: #0000000f;
  --with: #0b6bcb; --without: #d9730d; --bad: #c62828;
  --arm-0: #e5484d; --arm-1: #7c66dc; --arm-2: #12a594; --arm-3: #978365;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131417; --card: #1b1d21; --ink: #ecedee; --soft: #9ba1a6; --rule: #2c2f35;
    --band-b: #e5484d1c; --band-c: #ffb22414; --grid: #ffffff12;
    --with: #5eb0ff; --without: #ff9f4a; --bad: #ff8b8b;
    --arm-0: #f2757a; --arm-1: #a594f9; --arm-2: #2cc7b2; --arm-3: #b5a088;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1140px; margin: 0 auto; padding: 36px 24px 60px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 0; }
p { margin: 0 0 8px; }
.lead, .soft, figcaption p, footer { color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 14px; margin: 24px 0 28px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; }
.card p { margin: 0; color: var(--soft); font-size: 13px; line-height: 1.4; }
.card b { display: block; font-size: 25px; line-height: 1.3; color: var(--with); font-weight: 650; }
.card s { text-decoration: none; color: var(--without); font-weight: 600; }
.plots { display: grid; grid-template-columns: 1fr 1fr; gap: 14px; }
figure {
  margin: 0; background: var(--card); border: 1px solid var(--rule); border-radius: 10px;
  padding: 14px 16px 8px;
}
figure.full { grid-column: 1 / -1; }
figcaption p { font-size: 13px; margin: 1px 0 6px; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 0; padding: 0; font-size: 13px; }
.legend i {
  display: inline-block; width: 18px; height: 0; border-top: 3px solid var(--colour);
  vertical-align: middle; margin-right: 6px;
}
.legend i.dashed { border-top-style: dashed; }
.legend i.faint { opacity: 0.45; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font-size: 12px; font-family: inherit; }
.half svg text { font-size: 11.5px; }
.tick { text-anchor: end; }
.second, .band-name { text-anchor: middle; }
.band { fill: var(--band-a); }
.band-1 { fill: var(--band-b); }
.band-2 { fill: var(--band-c); }
.edge { stroke: var(--ink); stroke-width: 1; opacity: 0.16; }
.grid { stroke: var(--grid); }
.curve { fill: none; stroke: var(--colour); stroke-width: 2.2; stroke-linejoin: round; }
.curve.dashed { stroke-dasharray: 5 4; stroke-width: 1.8; }
.curve.faint { stroke-width: 1.3; opacity: 0.45; }
.area { fill: var(--colour); opacity: 0.82; stroke: var(--card); stroke-width: 0.8; }
.mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 2 4; }
svg text.mark-name {
  fill: var(--ink); paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round;
}
.cursor { stroke: var(--ink); stroke-width: 1; opacity: 0.55; }
.c-with { --colour: var(--with); } .c-without { --colour: var(--without); }
.c-0 { --colour: var(--arm-0); } .c-1 { --colour: var(--arm-1); }
.c-2 { --colour: var(--arm-2); } .c-3 { --colour: var(--arm-3); }
table { border-collapse: collapse; width: 100%; background: var(--card); font-variant-numeric: tabular-nums; }
.table { border: 1px solid var(--rule); border-radius: 10px; overflow: hidden; }
th, td { padding: 7px 16px; text-align: right; border-top: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; }
thead th { border-top: 0; font-size: 13px; }
th.with { color: var(--with); } th.without { color: var(--without); }
td.better { font-weight: 650; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 20px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre {
  background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px;
  overflow-x: auto; font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace;
}
li { margin: 3px 0; }
#reading {
  position: fixed; pointer-events: none; background: var(--card); border: 1px solid var(--rule);
  border-radius: 8px; padding: 8px 12px; font-size: 13px; box-shadow: 0 4px 18px #0003; display: none;
}
#reading td { border: 0; padding: 0 0 0 14px; } #reading td:first-child { padding: 0; }
#reading table { width: auto; }
@media (max-width: 820px) {
  .cards { grid-template-columns: 1fr 1fr; } .plots { grid-template-columns: 1fr; }
}
@media (max-width: 620px) { .full svg text { font-size: 22px; } }
@media print { figure, .card { break-inside: avoid; } }
`;
