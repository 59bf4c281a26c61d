"""The style sheet of pages: light and dark, on a screen of 400 pixels, and printed."""

from __future__ import annotations

__all__ = ["STYLE"]

# the colors of lines are apart for eyes that do not tell red from green, on both backgrounds
STYLE = """\
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --soft: #59636e; --rule: #d8dee4;
  --card: #f6f8fa; --c0: #0b62b8; --c1: #b84a00; --c2: #00795c; --c3: #a3277f; --c4: #6a5200;
  --c5: #5a48c8; }
@media (prefers-color-scheme: dark) { :root { --back: #0f1318; --text: #e6eaef; --soft: #9aa5b1;
  --rule: #2f3742; --card: #171d25; --c0: #6cb6ff; --c1: #ff9a57; --c2: #4fd1a5; --c3: #f58ad0;
  --c4: #e3c04b; --c5: #b3a5ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 32px 0 8px; }
.lead { margin: 0 0 8px; }
.scroll { overflow-x: auto; margin: 16px 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--rule); text-align: right;
  white-space: nowrap; }
th:first-child { text-align: left; }
th.words, td.words { white-space: normal; min-width: 220px; text-align: left; }
thead th { color: var(--soft); font-weight: 600; }
tbody th { font-weight: 600; }
.remarks { color: var(--soft); padding-left: 20px; margin: 8px 0 16px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr));
  gap: 16px; margin: 24px 0; }
figure { margin: 0; padding: 12px; background: var(--card); border: 1px solid var(--rule);
  border-radius: 6px; break-inside: avoid; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
polyline.d1 { stroke-dasharray: 6 3; } polyline.d2 { stroke-dasharray: 2 3; }
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); }
.s3 { stroke: var(--c3); } .s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); }
.span { stroke-width: 3; stroke-linecap: round; }
svg text.name { fill: var(--text); } svg text.number { fill: var(--text); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); }
.gray { fill: var(--soft); opacity: 0.6; }
.f3 { fill: var(--c3); } .f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
circle { fill: var(--card); stroke-width: 2; }
.key { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 6px 0 0;
  padding: 0; font-size: 0.85rem; color: var(--soft); }
.key li::before { content: ""; display: inline-block; width: 18px; margin-right: 6px;
  vertical-align: middle; border-top: 3px solid currentColor; }
.key li.d1::before { border-top-style: dashed; } .key li.d2::before { border-top-style: dotted; }
.k0::before { color: var(--c0); } .k1::before { color: var(--c1); }
.k2::before { color: var(--c2); }
.k3::before { color: var(--c3); } .k4::before { color: var(--c4); }
.k5::before { color: var(--c5); }
dl { margin: 0; }
dl div { display: grid; grid-template-columns: minmax(120px, 200px) 1fr; gap: 12px; padding: 5px 0;
  border-bottom: 1px solid var(--rule); }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: 12px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.85rem; }
@media (max-width: 520px) { dl div { grid-template-columns: 1fr; gap: 0; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 150px; } }
@media print { :root { --back: #fff; --text: #000; --soft: #444; --rule: #ccc; --card: #fff;
  --c0: #0b62b8; --c1: #b84a00; --c2: #00795c; --c3: #a3277f; --c4: #6a5200; --c5: #5a48c8;
  color-scheme: light; }
  main { max-width: none; padding: 0; } .scroll { overflow: visible; }
  .plots { grid-template-columns: 1fr 1fr; } pre { break-inside: avoid; }
  h2 { break-after: avoid; } tr, dl div { break-inside: avoid; }
  table { font-size: 0.75rem; } th, td { padding-right: 8px; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 140px; } }
"""
