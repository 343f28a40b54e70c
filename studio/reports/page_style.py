"""How a report's page looks: the window's colours, light or dark as the reader's system is, and light on paper."""

from __future__ import annotations

import tomllib
from typing import Final

from studio.core.resources import resources

_ROLES: Final = ("window", "base", "text", "muted", "line", "accent", "ok", "danger")

_SHEET: Final = """
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 28px 24px 48px; max-width: 1180px; background: var(--window); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 34px 0 10px; }
h3 { font-size: 15px; margin: 22px 0 8px; }
p { margin: 6px 0; max-width: 80ch; }
.muted { color: var(--muted); }
.ok { color: var(--ok); }
.danger { color: var(--danger); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(250px, 1fr)); gap: 12px; margin: 14px 0; }
.card, .item { background: var(--base); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px;
  break-inside: avoid; }
.card h3 { margin: 0; font-size: 12px; letter-spacing: .04em; text-transform: uppercase; color: var(--muted); }
.card .figures { font-size: 18px; font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--base); border: 1px solid var(--line); }
th, td { text-align: left; padding: 5px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; color: var(--muted); white-space: nowrap; }
tr { break-inside: avoid; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.name { overflow-wrap: anywhere; min-width: 12ch; }
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 540px), 1fr)); gap: 12px; }
.item header { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; margin-bottom: 8px; }
.item .name { font-weight: 600; overflow-wrap: anywhere; }
.panels { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 8px; }
.panels.words { grid-template-columns: minmax(0, 1fr) minmax(0, 1.4fr); gap: 12px; }
.panels.text { grid-template-columns: minmax(0, 1.8fr) minmax(0, 1fr); gap: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; list-style: none; padding: 0; margin: 6px 0; }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
figure { margin: 0; }
figcaption { font-size: 12px; color: var(--muted); }
img { display: block; width: 100%; height: auto; border-radius: 4px; background: var(--line); }
dl { margin: 0; display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; align-content: start; }
dt { color: var(--muted); font-size: 12px; padding-top: 2px; }
dd { margin: 0; overflow-wrap: anywhere; }
blockquote { margin: 0; font-size: 13px; overflow-wrap: anywhere; }
footer { margin-top: 36px; border-top: 1px solid var(--line); padding-top: 10px; font-size: 13px; color: var(--muted); }
@media print { :root { --window: #ffffff; } body { padding: 0; max-width: none; font-size: 11px; }
  .items { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def style_sheet() -> str:
    """The page's only style sheet."""
    light, dark = _variables("light"), _variables("dark")
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n{_SHEET}"
    )


def _variables(theme: str) -> str:
    colors = tomllib.loads((resources() / "themes" / f"{theme}.toml").read_text(encoding="utf-8"))["colors"]
    return " ".join(f"--{role}: {colors[role]};" for role in _ROLES)
