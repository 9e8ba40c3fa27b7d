/** The style of the report's pages: light and dark as the reader's system is, readable without colours and on paper. */

/** One style sheet, put into every page. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fbfbfa; --fg: #1d1f21; --dim: #6a6f75; --line: #e3e3df; --card: #fff; --accent: #1769aa;
  --good: #2e8540; --mid: #b7791f; --bad: #c0392b; --hit: transparent; --miss: #fde8e6; --part: #fdf3d7; --mark: #fff3b0; --bar: #e8e8e4; }
@media (prefers-color-scheme: dark) { :root { --bg: #17191c; --fg: #e4e6e8; --dim: #9aa0a6; --line: #2c3036; --card: #1e2125; --accent: #6cb6ff;
  --good: #57ab5a; --mid: #d29922; --bad: #f47067; --miss: #48201f; --part: #443810; --mark: #5a4d12; --bar: #31353b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 1280px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 20px; }
h1 { font-size: 22px; margin: 0 0 4px; font-weight: 650; overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.dim { color: var(--dim); } .small { font-size: 13px; }
.cards { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 16px; min-width: 170px; }
.card b { font-size: 22px; font-weight: 650; font-variant-numeric: tabular-nums; }
.bar { display: block; height: 6px; border-radius: 3px; background: var(--bar); overflow: hidden; } .bar i { display: block; height: 100%; background: var(--good); }
.bar.mid i { background: var(--mid); } .bar.bad i { background: var(--bad); }
input[type=search] { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 5px 10px; width: 260px; }
table { border-collapse: collapse; width: 100%; }
.files { background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin-bottom: 32px; font-variant-numeric: tabular-nums; }
.files th, .files td { padding: 5px 12px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
.files th:first-child, .files td:first-child { text-align: left; width: 50%; white-space: normal; overflow-wrap: anywhere; }
.files tr:last-child td { border-bottom: 0; } .files td .bar { width: 90px; display: inline-block; vertical-align: middle; margin-right: 8px; }
.files th button { all: unset; cursor: pointer; font-weight: 600; } .files th button:focus-visible { outline: 2px solid var(--accent); }
.files th[aria-sort=ascending] button::after { content: ' \\25b2'; font-size: 10px; } .files th[aria-sort=descending] button::after { content: ' \\25bc'; font-size: 10px; }
.files tr.dir td:first-child { font-weight: 600; } .files tr:hover { background: color-mix(in srgb, var(--accent) 7%, transparent); }
.toggle { all: unset; cursor: pointer; width: 18px; display: inline-block; color: var(--dim); }
.source { font: 13px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: var(--card); border: 1px solid var(--line); margin: 12px 0 40px; tab-size: 4; }
.source td { padding: 0 10px; vertical-align: top; } .source .n, .source .c { text-align: right; color: var(--dim); user-select: none; width: 1%; white-space: nowrap; }
.source .n a { color: inherit; } .source .b { width: 1%; white-space: nowrap; user-select: none; color: var(--dim); } .source pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.source tr.hit .c { color: var(--good); } .source tr.miss { background: var(--miss); } .source tr.miss .c { color: var(--bad); font-weight: 700; box-shadow: inset 3px 0 var(--bad); }
.source tr.part { background: var(--part); } .source tr.part .c { box-shadow: inset 3px 0 var(--mid); } .source tr:target, .source tr.at { outline: 2px solid var(--accent); outline-offset: -2px; }
.way { display: inline-block; min-width: 12px; text-align: center; } .way.no { color: var(--bad); font-weight: 700; } .way.yes { color: var(--good); }
details { margin: 12px 0; } summary { cursor: pointer; } kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 5px; background: var(--card); font-size: 12px; }
.functions { width: auto; min-width: 50%; margin-top: 8px; font-variant-numeric: tabular-nums; } .functions td { padding: 2px 14px 2px 0; } .functions td:first-child { text-align: right; color: var(--dim); }
.functions tr.miss td:first-child { color: var(--bad); font-weight: 700; }
@media print { .toggle, input, .keys { display: none; } }
`;
