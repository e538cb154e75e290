/** Styles of the report: light and dark as the reader's system has it, one column on a small screen. */
export const style = `
:root{color-scheme:light dark;--background:#f3f1ea;--surface:#fbfaf6;--line:#d6dbd8;--text:#10303f;--muted:#45606c;--here:#0d6677;--there:#a9590a;--storm:#c0322f1c;--bad:#c0322f;--good:#0a7a63}
@media (prefers-color-scheme:dark){:root{--background:#07141d;--surface:#0d2230;--line:#1f3a48;--text:#e7f1f1;--muted:#a3bac3;--here:#6fd3cf;--there:#f2a765;--storm:#ff6b6b24;--bad:#ff8a80;--good:#74e0c1}}
*{box-sizing:border-box}
body{margin:0;background:var(--background);color:var(--text);font:16px/1.5 Inter,ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
main{max-width:72rem;margin:0 auto;padding:clamp(1rem,3vw,2.5rem)}
h1{font:600 clamp(1.5rem,4vw,2.25rem)/1.2 Fraunces,"Iowan Old Style",Palatino,Georgia,serif;margin:0 0 .5rem}
h2{font-size:1.15rem;margin:2.5rem 0 .75rem}
h3{font-size:.85rem;font-weight:500;color:var(--muted);margin:0 0 .4rem}
p{margin:.25rem 0;color:var(--muted)}
.key{display:inline-block;width:.9rem;height:.25rem;border-radius:2px;vertical-align:middle;margin-right:.4rem}
.key.here{background:var(--here)}.key.there{background:var(--there)}
.grid2{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1rem}
.bars,figure{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1rem;margin:0}
.bar{display:flex;align-items:center;gap:.6rem;margin:.3rem 0}
.bar i{display:block;height:.65rem;border-radius:3px;min-width:1px;flex:none;max-width:60%}
.bar.here i{background:var(--here)}.bar.there i{background:var(--there)}
.bar b{font-weight:600;font-variant-numeric:tabular-nums;white-space:nowrap}
figcaption{font-weight:600;overflow-wrap:anywhere;margin-bottom:.4rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--muted);font-size:13px}
svg .grid{stroke:var(--line)}
svg path{fill:none;stroke-width:2}
svg path.here{stroke:var(--here)}svg path.there{stroke:var(--there);stroke-dasharray:5 3}
svg .end.here{fill:var(--here)}svg .end.there{fill:var(--there)}
svg .storm{fill:var(--storm)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:1rem}
.tag{font-size:.75rem;font-weight:500;padding:.1rem .5rem;border-radius:99px;border:1px solid var(--line);color:var(--muted)}
.tag.malicious{color:var(--bad);border-color:var(--bad)}
.tag.benign{color:var(--good);border-color:var(--good)}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:10px;background:var(--surface)}
.scroll:focus-visible{outline:2px solid var(--here)}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{text-align:left;padding:.45rem .8rem;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
th{color:var(--muted);font-weight:500;position:sticky;top:0;background:var(--surface)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.time{white-space:nowrap;font-variant-numeric:tabular-nums}
.long{max-height:32rem;overflow:auto}
.gate{padding:.7rem 1rem;border-radius:10px;border:1px solid var(--line);background:var(--surface);margin:.5rem 0;color:var(--text)}
.gate.failed{border-color:var(--bad)}.gate.failed b{color:var(--bad)}.gate.passed b{color:var(--good)}
`;
