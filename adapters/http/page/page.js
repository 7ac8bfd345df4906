// The status page: reads /v1/ and shows it, and goes on as /v1/events tells of publications.
//
// What zones, workers and resolvers say is hostile: it becomes text, by el() alone, and never markup. Nothing
// is shown by colour alone. What has not changed is not drawn again, so that focus stays where it is.
"use strict";

const POLL_MS = 5000; // ages, and troubles, which no event tells of
const REFRESH_MS = 400; // after an event, with those that follow at once
const RECONNECT_MS = 2000;
const PAGE = 100;
const CHANGES_MAX = 100;
const TROUBLED_MAX = 20;
const NEEDS_MAX = 40;
const STALE_SECONDS = 30; // a worker that is behind for so long has a trouble

const byId = (id) => document.getElementById(id);

// Controls, direction marks and the like are made visible: they would change what is read beside them.
const plain = (text) => String(text).replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
  (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    node.append(child instanceof Node ? child : plain(child));
  }
  return node;
}
const quoted = (text) => el("bdi", {}, text);

// Draws only what is not there already.
const drawn = new WeakMap();
function draw(node, data, make) {
  const key = JSON.stringify(data);
  if (drawn.get(node) === key) return;
  drawn.set(node, key);
  node.replaceChildren(...[make(data)].flat());
}

// -- words --------------------------------------------------------------------------------------

function duration(seconds) {
  const s = Math.max(0, Math.floor(Number(seconds)));
  if (s >= 86400) return `${Math.floor(s / 86400)}d ${Math.floor(s % 86400 / 3600)}h`;
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${Math.floor(s % 3600 / 60)}m`;
  if (s >= 60) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${s}s`;
}
const ago = (seconds) => seconds === undefined ? "never" : `${duration(seconds)} ago`;
const count = (number) => Number(number).toLocaleString("en");
const many = (number, one, more) => `${count(number)} ${Number(number) === 1 ? one : more}`;
// "STATE_HOSTED" -> "hosted"
const word = (enumerator) => String(enumerator).replace(/^[A-Z]+_/, "").toLowerCase();
const transports = (entry) => (entry.transports ?? []).map(word).join(", ");
const entryText = (entry) => `${word(entry.state)}, ${transports(entry)}, ${word(entry.role)}, DID ${entry.did}`;
const explainLink = (domain) => el("a", {href: "#explain/" + encodeURIComponent(domain)}, quoted(domain));

function valueText(value) {
  const [kind, content] = Object.entries(value)[0] ?? ["", ""];
  return kind === "seconds" ? content + "s" : String(content);
}

// "zone example.com from ns1: ...", beside the zone's name
const withoutName = ({zone, trouble: text}) => text.startsWith(`zone ${zone} `) ? text.slice(`zone ${zone} `.length) : text;

function zoneState(zone) {
  if (zone.expired) return "expired";
  if (zone.activity !== "waiting") return zone.activity;
  if (zone.serial === undefined) return "empty";
  return zone.confirmed ? "current" : "unconfirmed";
}

// -- asking -------------------------------------------------------------------------------------

const TOKEN = "zonecast-token";

function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN);
  return fetch(path, {...options, headers: {...options.headers, ...(token ? {Authorization: "Bearer " + token} : {})}});
}

class NeedsToken extends Error {}

// The answer, whatever its status; `ok` says whether it is what was asked for.
async function ask(path) {
  const response = await request(path);
  if (response.status === 401) throw new NeedsToken();
  return {ok: response.ok, status: response.status, body: await response.json()};
}

function showSignIn(needed) {
  const shown = !byId("sign-in").hidden;
  byId("sign-in").hidden = !needed;
  byId("content").hidden = needed;
  if (!needed) return;
  byId("summary").textContent = sessionStorage.getItem(TOKEN) ? "This token was not accepted." : "A token is needed.";
  byId("live").textContent = "";
  if (!shown) byId("token").focus();
}
const signedIn = () => new Promise((resolve) => byId("sign-in-form").addEventListener("submit", resolve, {once: true}));

// -- tables -------------------------------------------------------------------------------------

// Rows are kept by their key; a cell is drawn again when it says something else. More rows than a page are
// asked for by a button.
class Table {
  constructor(place, path, list, columns, key, none, limit = PAGE) {
    Object.assign(this, {place, path, list, columns, key, none, limit, rows: new Map()});
    this.body = el("tbody");
    this.table = el("table", {}, el("thead", {}, el("tr", {}, columns.map(([name]) => el("th", {scope: "col"}, name)))), this.body);
    this.empty = el("p", {class: "faint"}, none);
    this.button = el("button", {type: "button", class: "more", click: () => this.more()}, "Show more");
    place.replaceChildren(this.table, this.empty, this.button);
    this.table.hidden = this.button.hidden = true;
  }

  async more() {
    this.limit += PAGE;
    await this.load();
  }

  async load() {
    const entries = [];
    let more = true, answer = null;
    while (more && entries.length < this.limit) {
      const size = Math.min(500, this.limit - entries.length);
      const after = entries.length > 0 ? this.key(entries.at(-1)) : "";
      answer = await ask(`${this.path}?limit=${size}&after=${encodeURIComponent(after)}`);
      if (!answer.ok) return null;
      entries.push(...answer.body[this.list]);
      more = answer.body.more && answer.body[this.list].length > 0;
    }
    this.show(entries);
    this.button.hidden = !more;
    return {...answer.body, [this.list]: entries};
  }

  show(entries) {
    this.table.hidden = entries.length === 0;
    this.empty.hidden = entries.length > 0;
    const before = this.rows;
    this.rows = new Map(entries.map((entry) => [this.key(entry), before.get(this.key(entry)) ??
      el("tr", {}, this.columns.map(([name]) => el("td", {"data-name": name, class: WIDE.has(name) ? "wide" : null})))]));
    for (const [key, row] of before) if (!this.rows.has(key)) row.remove();
    entries.forEach((entry, place) => {
      const row = this.rows.get(this.key(entry));
      if (this.body.children[place] !== row) this.body.insertBefore(row, this.body.children[place] ?? null);
      this.columns.forEach(([, text, make], column) => {
        const cell = row.children[column], content = text(entry);
        cell.classList.toggle("none", content === "");
        draw(cell, content, () => make ? make(entry) : el("bdi", {}, content));
      });
    });
  }
}

const WIDE = new Set(["Domain", "DID", "Zone", "Customer", "Worker", "Refused", "Trouble"]); // may be long, and wrap
const trouble = (text) => el("span", {class: "trouble"}, quoted(text));

const tables = {
  domains: new Table(byId("domains"), "/v1/domains", "domains", [
    ["Domain", (d) => d.domain, (d) => explainLink(d.domain)],
    ["DID", (d) => d.did],
    ["State", (d) => word(d.state)],
    ["Transports", transports],
    ["Role", (d) => word(d.role)],
  ], (d) => d.domain, "No domain is hosted yet."),
  zones: new Table(byId("zones"), "/v1/zones", "zones", [
    ["Zone", (z) => z.zone],
    ["Customer", (z) => z.customer],
    ["Serial", (z) => z.serial ?? "–"],
    ["State", zoneState],
    ["Checked", (z) => ago(z.checked_seconds_ago)],
    ["Next", (z) => `in ${duration(z.next_check_seconds)}`],
    ["Records", (z) => count(z.records)],
    ["Trouble", withoutName, (z) => trouble(withoutName(z))],
  ], (z) => z.zone, "No zone is configured."),
  workers: new Table(byId("workers"), "/v1/workers", "workers", [
    ["Worker", (w) => w.worker],
    ["Version", (w) => w.version],
    ["Behind", (w) => w.versions_behind === undefined ? "not comparable" : w.versions_behind === "0" ? "no" : many(w.versions_behind, "version", "versions")],
    ["Last current", (w) => ago(w.age)],
    ["Domains", (w) => count(w.domains)],
    ["Heard", (w) => ago(w.heard_seconds_ago)],
    ["Refused", (w) => w.refused === "0" ? "" : `${count(w.refused)}: ${w.refused_reason}`],
    ["Trouble", (w) => w.trouble, (w) => trouble(w.trouble)],
  ], (w) => w.worker, "No worker tells of itself in Redis.", 5 * PAGE), // so many are looked at for trouble
};

// -- what needs attention -----------------------------------------------------------------------

function workerNeeds(list) {
  const needs = list.trouble ? [{what: "Workers", why: list.trouble}] : [];
  for (const w of list.workers) {
    const what = `Worker ${w.worker}`;
    if (w.trouble) needs.push({what, why: w.trouble});
    else if (w.age === undefined) needs.push({what, why: "has never been current"});
    else if (Number(w.age) >= STALE_SECONDS) needs.push({what, why: `was not current for more than ${STALE_SECONDS}s`});
    if (w.refused !== "0") needs.push({what, why: `refuses ${many(w.refused, "entry", "entries")}: ${w.refused_reason}`});
  }
  return needs;
}

function zoneNeeds(status, troubled) {
  const needs = troubled.map((zone) => ({what: `Zone ${zone.zone}`,
    why: [zone.expired ? "has expired: no primary confirms it" : "", withoutName(zone)].filter(Boolean).join(". ")}));
  const others = Number(status.zones_in_trouble) - troubled.length;
  if (others > 0) needs.push({what: "Zones", why: `${count(others)} more in trouble`});
  return needs;
}

function needsOf({status, readiness, troubled, workers}) {
  const needs = readiness.ready ? [] : [{what: "Not ready", why: readiness.reason}];
  if (status.shadow) needs.push({what: "Shadow", why: "nothing is published, and what is told here would be; zonecast compare shows the difference"});
  if (status.held_since !== "0") needs.push({what: "Held by the operator", why: "nothing is published until zonecast release"});
  if (status.domains_braked !== "0") needs.push({what: "The brake", why: many(status.domains_braked, "domain would go or move and waits", "domains would go or move and wait") + " for you: zonecast plan shows them, approve or reject decides"});
  if (status.domains_held !== "0") needs.push({what: "Held back", why: many(status.domains_held, "domain differs and waits", "domains differ and wait") + "; explain says why"});
  if (status.dids_disputed !== "0") needs.push({what: "DIDs", why: many(status.dids_disputed, "is", "are") + " one customer's on disk and another's in Redis; zonecast did transfer settles it"});
  needs.push(...zoneNeeds(status, troubled));
  if (status.questions_failing !== "0") needs.push({what: "Resolvers", why: `${many(status.questions_failing, "question fails", "questions fail")}; the last answers hold`});
  return needs.concat(workerNeeds(workers));
}

function showAttention(needs) {
  draw(byId("attention"), needs, () => needs.length === 0
    ? el("li", {class: "calm"}, "Nothing.")
    : [...needs.slice(0, NEEDS_MAX).map(({what, why}) => el("li", {}, el("strong", {}, quoted(what)), ": ", quoted(why))),
      ...(needs.length > NEEDS_MAX ? [el("li", {}, `… and ${count(needs.length - NEEDS_MAX)} more`)] : [])]);
  document.title = needs.length === 0 ? "zonecast" : `(${needs.length}) zonecast`;
}

function showFigures(status) {
  const figure = (name, number, note) => [el("dt", {}, name), el("dd", {}, number, note ? el("small", {}, note) : "")];
  const figures = [
    ["Domains", count(status.domains), `in ${many(status.virtual_domains, "virtual domain", "virtual domains")}`],
    ["Zones", count(status.zones), `${count(status.zones_confirmed)} confirmed, ${count(status.zones_in_trouble)} in trouble`],
    ["Held", count(status.domains_held), `${count(status.domains_waiting)} waiting`],
    ["Retiring", count(status.domains_retiring), `${count(status.domains_braked)} braked`],
    ["Contested", count(status.domains_contested), `${count(status.dids_kept)} DIDs kept or reserved`],
    ["Asked about", count(Number(status.domains_watched) + Number(status.domains_discovered)), `${count(status.domains_discovered)} discovered`],
    ["Version", count(status.version), `term ${status.term}`],
  ];
  draw(byId("figures"), figures, () => figures.map((one) => el("div", {}, figure(...one))));
}

// -- what changed -------------------------------------------------------------------------------

function changeLine({before, after}) {
  const [sign, said] = !before ? ["+", "added"] : !after ? ["−", "removed"] : ["~", "changed"];
  const entry = after ?? before;
  const detail = before && after ? `${entryText(before)} → ${entryText(after)}` : entryText(entry);
  return el("li", {}, el("span", {class: "sign", "aria-hidden": "true"}, sign), explainLink(entry.domain), ` ${said} `,
    el("span", {class: "faint"}, quoted(detail)));
}

// What differs between two states of a virtual domain, of which one may be missing: "max_calls 30 → 100".
function differences(before, after) {
  const settings = (entry) => new Map([["domains", (entry?.domains ?? []).join(", ")],
    ...(entry?.attributes ?? []).map(({name, values}) => [name, values.map(valueText).join(", ")])]);
  const [was, is] = [settings(before), settings(after)];
  return [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name))
    .map((name) => `${name} ${was.get(name) ?? "unset"} → ${is.get(name) ?? "unset"}`).join("; ");
}

function virtualDomainLine({before, after}) {
  const said = !before ? "is new" : !after ? "is gone" : differences(before, after);
  return el("li", {}, el("span", {class: "sign", "aria-hidden": "true"}, !before ? "+" : !after ? "−" : "~"),
    "virtual domain ", quoted((after ?? before).did), " ", el("span", {class: "faint"}, quoted(said)));
}

// Those that come and go with a domain of their name go without saying.
function isTold({before, after}, domains) {
  return (before && after) || !domains.some((change) => (change.after ?? change.before).domain === (after ?? before).did);
}

function publicationItem(event) {
  const at = Number(event.published);
  return el("li", {},
    el("time", {datetime: new Date(at).toISOString(), title: new Date(at).toLocaleString()}), " ",
    `version ${event.version}`, event.rebased ? ", everything anew" : "", " ",
    el("span", {class: "faint"}, quoted(event.causes.join(", "))),
    el("ul", {}, event.domains.map(changeLine), event.virtual_domains.filter((change) => isTold(change, event.domains)).map(virtualDomainLine),
      event.truncated ? el("li", {class: "faint"}, "… and more") : ""));
}

function tellTimes() {
  for (const time of document.querySelectorAll("#changes time"))
    time.textContent = ago((Date.now() - Date.parse(time.dateTime)) / 1000);
}

function onPublication(event) {
  const list = byId("changes");
  if (list.dataset.empty) list.replaceChildren();
  delete list.dataset.empty;
  list.prepend(publicationItem(event));
  while (list.children.length > CHANGES_MAX) list.lastChild.remove();
  tellTimes();
  refreshSoon();
}

function showNoChanges() {
  const list = byId("changes");
  if (list.children.length > 0) return;
  list.dataset.empty = "yes";
  list.append(el("li", {class: "faint"}, "Nothing since zonecastd was started."));
}

// -- explaining ---------------------------------------------------------------------------------

const OUTCOMES = {"leads-on": "leads on", "reaches-edge": "✓ reaches the edge", "elsewhere": "✗ elsewhere",
  "closed": "✗ closed", "missing": "✗ missing", "ignored": "ignored"};

function stepItem(step) {
  return el("li", {}, el("code", {}, quoted(step.question)), " ", el("span", {class: "answer"}, quoted(step.answer),
    step.ttl !== undefined ? ` · TTL ${step.ttl}` : "", step.source ? [" · ", quoted(step.source)] : ""), " ",
  el("span", {class: "outcome " + (step.outcome in OUTCOMES ? step.outcome : "")}, OUTCOMES[step.outcome] ?? step.outcome),
  step.note ? [" ", quoted(step.note)] : "");
}

// Steps come with their depth; one that is deeper belongs to the one before it.
function evidenceTree(steps) {
  const root = el("ul", {class: "tree"});
  const open = [{depth: -1, list: root, item: null}];
  for (const step of steps) {
    while (open.length > 1 && open.at(-1).depth >= step.depth) open.pop();
    const parent = open.at(-1);
    if (parent.item && !parent.list) parent.item.append(parent.list = el("ul"));
    const item = stepItem(step);
    parent.list.append(item);
    open.push({depth: step.depth, list: null, item});
  }
  return root;
}

function reportFacts(report) {
  const facts = [["DNS says", report.missing ? `${report.standing}: ${report.missing}` : report.standing],
    ["Published", report.published ? entryText(report.published) : "no"],
    ["Customer", report.customer], ["Held back", report.held]];
  if (report.virtual_domain) {
    const {did, canonical, domains, attributes} = report.virtual_domain;
    facts.push(["DID", did], ["Canonical", canonical], ["Domains", domains.join(", ")]);
    for (const {name, values} of attributes) facts.push([name, values.map(valueText).join(", ")]);
  }
  for (const warning of report.warnings) facts.push(["Warning", warning]);
  return el("dl", {class: "facts"}, facts.filter(([, text]) => text).map(([name, text]) =>
    [el("dt", {}, quoted(name)), el("dd", {class: name === "Held back" || name === "Warning" ? "trouble" : null}, quoted(text))]));
}

function explanationOf({report, steps, first_failure: failure, remedy}) {
  const verdict = report.published ? `✓ ${report.domain} is hosted` : `✗ ${report.domain} is not hosted`;
  return [
    el("p", {class: "verdict"}, el("strong", {}, quoted(verdict)), failure ? [": ", quoted(failure)] : ""),
    reportFacts(report),
    remedy.length > 0 ? [el("h3", {}, "What the zone's owner could add"), el("pre", {}, remedy.map((line) => el("div", {}, line)))] : "",
    steps.length > 0 ? [el("h3", {}, "Evidence"), evidenceTree(steps)] : "",
  ].flat(Infinity).filter((part) => part !== "");
}

// As DNS has it: "xn--..." for what is not ASCII.
function inAscii(domain) {
  if (/^[\x20-\x7e]*$/.test(domain)) return domain;
  try { return new URL("http://" + domain).hostname; } catch { return domain; }
}

async function explain(domain) {
  const place = byId("explanation");
  try {
    const answer = await ask("/v1/explain/" + encodeURIComponent(inAscii(domain)));
    place.replaceChildren(...(answer.ok ? explanationOf(answer.body) : [el("p", {class: "trouble"}, quoted(answer.body.text))]));
  } catch (error) {
    if (error instanceof NeedsToken) return showSignIn(true);
    place.replaceChildren(el("p", {class: "trouble"}, "zonecastd does not answer. It will be asked again when you search again."));
  }
}

function explainFromAddress() {
  if (!location.hash.startsWith("#explain/")) return;
  let domain = "";
  try { domain = decodeURIComponent(location.hash.slice("#explain/".length)); } catch { return; }
  byId("host").value = domain;
  byId("explain-title").scrollIntoView();
  if (domain) explain(domain);
}

// -- the present --------------------------------------------------------------------------------

async function troubledZones(status) {
  const zones = [];
  if (status.zones_in_trouble === "0" && status.zones_expired === "0") return zones;
  for (let next = "", more = true; more && zones.length < TROUBLED_MAX;) {
    const {ok, body} = await ask(`/v1/zones?troubled=true&limit=${TROUBLED_MAX - zones.length}&after=${encodeURIComponent(next)}`);
    if (!ok) break;
    zones.push(...body.zones);
    ({next, more} = body);
  }
  return zones;
}

async function readAll() {
  const [{body: status}, {body: readiness}, workers] =
    await Promise.all([ask("/v1/status"), ask("/readyz"), tables.workers.load(), tables.domains.load(), tables.zones.load()]);
  const troubled = await troubledZones(status);
  byId("summary").textContent = `${readiness.ready ? "ready" : "not ready"} · ${status.daemon_version} · up ${duration(status.uptime_seconds)}`;
  showAttention(needsOf({status, readiness, troubled, workers: workers ?? {workers: []}}));
  showFigures(status);
  showSignIn(false);
}

let refreshing = null, again = false;
async function refresh() {
  if (refreshing) { again = true; return; }
  refreshing = readAll().catch((error) => {
    if (error instanceof NeedsToken) return showSignIn(true);
    showAttention([{what: "zonecastd", why: "does not answer; what is shown here is from before"}]);
  });
  await refreshing;
  refreshing = null;
  tellTimes();
  if (again) { again = false; refreshSoon(); }
}

let soon = 0;
function refreshSoon() {
  if (!soon) soon = setTimeout(() => { soon = 0; refresh(); }, REFRESH_MS);
}

// -- what comes ---------------------------------------------------------------------------------

let lastEvent = "";

function onFrame(frame) {
  const fields = frame.split("\n").map((line) => line.split(/: ?(.*)/s));
  const get = (name) => fields.filter(([key]) => key === name).map(([, value]) => value).join("\n");
  if (get("event") !== "publication") return;
  lastEvent = get("id");
  onPublication(JSON.parse(get("data")));
}

// Not EventSource, which sends no token.
async function follow() {
  const response = await request("/v1/events", {headers: lastEvent ? {"Last-Event-ID": lastEvent} : {}});
  if (response.status === 401) throw new NeedsToken();
  if (!response.ok) throw new Error((await response.json()).text);
  byId("live").textContent = "● live";
  showNoChanges();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = "";;) {
    const {value, done} = await reader.read();
    if (done) throw new Error("closed");
    const frames = (rest + value).split("\n\n");
    rest = frames.pop();
    frames.forEach(onFrame);
  }
}

async function followForever() {
  for (;;) {
    try {
      await follow();
    } catch (error) {
      if (error instanceof NeedsToken) {
        showSignIn(true);
        await signedIn();
        continue;
      }
      byId("live").textContent = "○ not live: connecting again";
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

byId("explain-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const hash = "#explain/" + encodeURIComponent(byId("host").value.trim());
  if (location.hash === hash) explainFromAddress();
  else location.hash = hash;
});
byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN, byId("token").value);
  byId("token").value = "";
  refresh();
});
addEventListener("hashchange", explainFromAddress);
setInterval(() => { if (!document.hidden && byId("sign-in").hidden) refresh(); }, POLL_MS);
refresh();
followForever();
explainFromAddress();
