/** The widget's look, as a constructed style sheet: it needs no permission of the page's policy and leaks nowhere. */

export const STYLE = `
:host {
  --accent: var(--throughline-accent, #1f5eff); --on-accent: var(--throughline-on-accent, #fff);
  --surface: var(--throughline-surface, #fff); --text: var(--throughline-text, #131b2a); --quiet: var(--throughline-quiet, #536073);
  --line: var(--throughline-line, #d6dce5); --radius: var(--throughline-radius, 14px);
  --sunken: color-mix(in srgb, var(--text) 6%, var(--surface)); --edge: color-mix(in srgb, var(--text) 52%, var(--surface));
  --soft: color-mix(in srgb, var(--accent) 11%, var(--surface));
  --good: #0c7a48; --warn: #8a5300; --bad: #c0242f; --on-bad: #fff;
  --good-soft: color-mix(in srgb, var(--good) 14%, var(--surface)); --warn-soft: color-mix(in srgb, var(--warn) 14%, var(--surface)); --bad-soft: color-mix(in srgb, var(--bad) 12%, var(--surface));
  display: block; color: var(--text); font: 16px/1.5 var(--throughline-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif);
}
@media (prefers-color-scheme: dark) {
  :host {
    --accent: var(--throughline-accent, #7fa4ff); --on-accent: var(--throughline-on-accent, #0a1430); --surface: var(--throughline-surface, #141c2d);
    --text: var(--throughline-text, #eaf0fa); --quiet: var(--throughline-quiet, #a3b0c6); --line: var(--throughline-line, #29354d);
    --good: #5ed79b; --warn: #f4bf62; --bad: #ff8d93; --on-bad: #2a070b;
  }
}
:host(:not([data-open])) { display: none; }
* { box-sizing: border-box; }
h2, h3, p, ol, ul { margin: 0; padding: 0; overflow-wrap: anywhere; }
ol, ul { list-style: none; }
[hidden] { display: none !important; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
.box { background: var(--surface); border: 1px solid var(--line); border-radius: var(--radius); padding: 20px; display: grid; grid-template-columns: minmax(0, 1fr); gap: 16px; }
h2:focus { outline: none; }
h2 { font-size: 1.25rem; line-height: 1.25; letter-spacing: -0.01em; }
.quiet { color: var(--quiet); } .small { font-size: 0.88rem; }
.icon { width: 1.35em; height: 1.35em; flex: none; fill: none; stroke: currentcolor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.channels { display: grid; gap: 10px; }
.channel { display: grid; grid-template-columns: 44px 1fr auto; gap: 4px 14px; align-items: center; width: 100%; text-align: left; padding: 14px; border: 1px solid var(--edge); border-radius: calc(var(--radius) - 3px); background: var(--surface); color: inherit; font: inherit; cursor: pointer; }
.channel:hover { border-color: var(--accent); background: var(--soft); }
.channel[disabled] { opacity: 0.6; cursor: not-allowed; }
.channel .disc { width: 44px; height: 44px; border-radius: 50%; display: grid; place-items: center; background: var(--soft); color: var(--accent); }
.channel b { display: block; } .channel .wait { font-size: 0.88rem; color: var(--quiet); text-align: right; }
.channel.first { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
.channel.first .disc { background: var(--accent); color: var(--on-accent); }
.tag { display: inline-block; margin-left: 6px; padding: 1px 8px; border-radius: 99px; background: var(--soft); color: color-mix(in srgb, var(--accent) 78%, var(--text)); font-size: 0.78rem; font-weight: 600; vertical-align: 1px; }
.button { display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-height: 44px; padding: 9px 16px; border: 1px solid var(--edge); border-radius: 9px; background: var(--surface); color: var(--text); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; }
.button:hover { background: var(--sunken); } .button[disabled] { opacity: 0.55; cursor: not-allowed; }
.button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
.button.danger { background: var(--bad); border-color: var(--bad); color: var(--on-bad); }
.button.plain { border-color: transparent; background: transparent; } .button[aria-pressed="true"], .button[aria-expanded="true"] { background: var(--soft); border-color: var(--accent); }
/* A telephone is what is touched. */
.dial { display: none; } @media (pointer: coarse) { .dial { display: inline-flex; } }
.row { display: flex; flex-wrap: wrap; gap: 10px; } .row.even > * { flex: 1 1 110px; }
.steps { display: grid; gap: 0; }
.step { display: grid; grid-template-columns: 28px 1fr; gap: 12px; padding-bottom: 14px; position: relative; color: var(--quiet); }
.step::before { content: ""; position: absolute; left: 13px; top: 26px; bottom: -2px; width: 2px; background: var(--line); }
.step:last-child { padding-bottom: 0; } .step:last-child::before { content: none; }
.step .dot { width: 28px; height: 28px; border-radius: 50%; border: 2px solid var(--line); display: grid; place-items: center; background: var(--surface); z-index: 1; font-size: 0.75rem; }
.step.done .dot { background: var(--good-soft); border-color: var(--good); color: var(--good); } .step.done { color: var(--text); }
.step.now { color: var(--text); font-weight: 650; } .step.now .dot { border-color: var(--accent); }
.step.now .dot::after { content: ""; width: 12px; height: 12px; border-radius: 50%; background: var(--accent); animation: beat 1.4s ease-in-out infinite; }
.step.now.live .dot { background: var(--good); border-color: var(--good); color: var(--surface); } .step.now.live .dot::after { content: none; }
.step p { font-weight: 400; } @keyframes beat { 50% { transform: scale(0.55); opacity: 0.6; } }
.head { display: flex; align-items: center; justify-content: space-between; gap: 12px; } .time { font-variant-numeric: tabular-nums; font-size: 1.35rem; font-weight: 650; }
.notice { padding: 12px 14px; border-radius: 9px; background: var(--soft); border-left: 4px solid var(--accent); display: grid; gap: 8px; }
.notice:has(> svg) { grid-template-columns: auto 1fr; align-items: center; }
.notice.bad { background: var(--bad-soft); border-color: var(--bad); } .notice.warn { background: var(--warn-soft); border-color: var(--warn); } .notice.good { background: var(--good-soft); border-color: var(--good); }
.number { font-size: clamp(1.3rem, 6vw, 1.8rem); font-weight: 700; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; color: inherit; text-decoration: none; }
.keypad { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; max-width: 240px; } .keypad .button { font-size: 1.15rem; min-height: 48px; }
.input { width: 100%; min-height: 120px; padding: 10px 12px; border: 1px solid var(--edge); border-radius: 9px; background: var(--surface); color: inherit; font: inherit; resize: vertical; }
label { font-weight: 600; display: grid; gap: 6px; }
.wave { display: flex; gap: 3px; align-items: center; height: 28px; } .wave i { width: 4px; height: 100%; border-radius: 2px; background: var(--good); transform: scaleY(0.14); transition: transform 90ms linear; }
.skeleton { height: 74px; border-radius: 11px; background: var(--sunken); animation: fade 1.2s ease-in-out infinite alternate; } @keyframes fade { to { opacity: 0.45; } }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 420px) { .box { padding: 14px; } .channel { grid-template-columns: 44px 1fr; } .channel .wait { grid-column: 2; text-align: left; } }
@media (prefers-reduced-motion: reduce) { * { animation: none !important; transition: none !important; } }
`;
