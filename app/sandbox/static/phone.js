// The customer's phone. One loop asks for the open chat and is answered when something changed;
// everything a person wrote goes into the page as text nodes.
import { element, paintBubbles } from "./bubbles.js";

const byId = (id) => document.getElementById(id);
const root = byId("phone");
const base = root.dataset.base;
const words = JSON.parse(root.dataset.words);
const input = byId("phone-input");
const log = byId("phone-log");
const menu = byId("phone-menu");
let state = null;
let wanted = { number: null, customer: null };
let replyTo = null;
let changes = null; // the message that is being changed
let asking = null;
let typingTimer = 0;
let isOpen;
const opened = new Promise((resolve) => { isOpen = resolve; }); // what is sent before waits for the chat

const initials = (name) => name.replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase();

async function post(path, body) {
  const isForm = body instanceof FormData;
  const headers = isForm ? {} : { "Content-Type": "application/json" };
  const answer = await fetch(`${base}/phone${path}`, { method: "POST", headers, body: isForm ? body : JSON.stringify(body) });
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) return data;
  throw new Error(data.error?.message ?? words.failed);
}

// ---- painting ----

function paintRows(list, items, chosen, testid, choose) {
  const kept = new Map([...list.children].map((row) => [row.dataset.key, row]));
  items.forEach((item, index) => {
    const row = kept.get(String(item.id)) || newRow(item, choose);
    kept.delete(String(item.id));
    const button = row.firstChild;
    button.dataset.testid = `${testid}-${index + 1}`;
    button.setAttribute("aria-pressed", String(item.id === chosen));
    button.querySelector(".ph-avatar").textContent = initials(item.name);
    button.querySelector(".ph-row-name").textContent = item.name;
    button.querySelector(".ph-sub").textContent = item.phone;
    if ("isOnline" in item) button.querySelector(".ph-avatar").dataset.online = item.isOnline;
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] || null);
  });
  kept.forEach((row) => row.remove());
}

function newRow(item, choose) {
  const row = element("li", "");
  const button = element("button", "ph-row");
  const text = element("span", "ph-row-text");
  row.dataset.key = item.id;
  button.type = "button";
  button.addEventListener("click", () => choose(item.id));
  text.append(element("span", "ph-row-name"), element("span", "ph-sub"));
  const avatar = element("span", "ph-avatar");
  avatar.setAttribute("aria-hidden", "true");
  button.append(avatar, text);
  row.append(button);
  return row;
}

function paint() {
  const number = state.numbers.find((item) => item.id === state.number);
  const customer = state.customers.find((item) => item.id === state.customer);
  paintRows(byId("phone-customers"), state.customers, state.customer, "phone-customer", (id) => open({ customer: id }));
  paintRows(byId("phone-numbers"), state.numbers, state.number, "phone-number", (id) => open({ number: id }));
  byId("phone-avatar").textContent = initials(number.name);
  byId("phone-business").textContent = number.name;
  byId("phone-who").textContent = `${customer.name} · ${customer.phone}`;
  byId("phone-online").checked = customer.isOnline;
  byId("phone-receipts").checked = customer.showsReceipts;
  byId("phone-marketing").checked = customer.wantsMarketing;
  paintSub(number, customer);
  paintCodes(state.codes);
  byId("phone-hidden").checked = customer.hidesPhone;
  byId("phone-hint").hidden = state.messages.length > 0;
  paintBubbles(log, state.messages, { base, words, act });
}

function paintCodes(codes) {
  const list = byId("phone-codes");
  list.replaceChildren(...codes.map((item) => {
    const line = element("li", "ph-code", item.text);
    line.dataset.testid = "phone-code";
    line.dataset.code = item.code;
    return line;
  }));
  list.hidden = codes.length === 0;
}

function paintSub(number, customer) {
  const isTyping = customer.isOnline && state.typingSeconds > 0;
  const sub = byId("phone-business-sub");
  sub.textContent = !customer.isOnline ? words.offline : isTyping ? words.typing : number.phone;
  sub.classList.toggle("is-typing", isTyping);
  clearTimeout(typingTimer);
  if (isTyping) {
    typingTimer = setTimeout(() => { state.typingSeconds = 0; paint(); }, state.typingSeconds * 1000);
  }
}

// ---- asking ----

function open(choice) {
  wanted = { number: state.number, customer: state.customer, ...choice };
  quote(null);
  state = { ...state, version: null };
  byId("phone-bubbles").replaceChildren();
  if (asking) asking.abort();
}

async function ask() {
  const query = new URLSearchParams();
  if (wanted.number) query.set("number", wanted.number);
  if (wanted.customer) query.set("customer", wanted.customer);
  if (state && state.version !== null) query.set("version", state.version);
  const asked = (asking = new AbortController());
  const answer = await fetch(`${base}/phone/state?${query}`, { signal: asked.signal, cache: "no-store" });
  if (answer.status === 401) location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = await answer.json();
  if (asked.signal.aborted) return;
  state = fresh;
  wanted = { number: state.number, customer: state.customer };
  byId("phone-lost").hidden = true;
  paint();
  isOpen();
}

async function keepAsking() {
  for (;;) {
    try {
      await ask();
    } catch (error) {
      if (error.name === "AbortError") continue;
      byId("phone-lost").textContent = words.lost;
      byId("phone-lost").hidden = false;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

// ---- what a person does ----

// What one does with a message: answer it, react, tap its button, change it, take it back.
function act(kind, message, value = "") {
  if (kind === "reply") quote(message);
  else if (kind === "edit") change(message);
  else sendKind(kind, message.wamid, value);
}

function quote(message) {
  replyTo = message ? message.wamid : null;
  changes = null;
  byId("phone-quote").hidden = !message;
  if (!message) return;
  byId("phone-quote-text").textContent = `${words.replyTo}: ${message.text}`;
  input.focus();
}

function change(message) {
  quote(null);
  changes = message.wamid;
  byId("phone-quote").hidden = false;
  byId("phone-quote-text").textContent = `${words.changing}: ${message.text}`;
  input.value = message.text;
  grow();
  input.focus();
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight + 2, 132)}px`;
}

async function send() {
  await opened;
  const text = input.value;
  if (!text.trim()) return;
  const body = { number: wanted.number, customer: wanted.customer, text, replyTo };
  const changed = changes;
  input.value = "";
  quote(null);
  grow();
  byId("phone-error").textContent = "";
  log.scrollTop = log.scrollHeight;
  if (changed) return sendKind("edit", changed, text);
  try {
    await post("/messages", body);
  } catch (error) {
    byId("phone-error").textContent = error.message;
    if (!input.value) input.value = text;
    grow();
  }
}

async function sendKind(kind, target = null, value = "") {
  menu.open = false;
  byId("phone-error").textContent = "";
  try {
    await post("/kinds", { number: wanted.number, customer: wanted.customer, kind, target, value });
  } catch (error) {
    byId("phone-error").textContent = error.message;
  }
}

// A picture goes as one, a sound as a voice note; everything else is a document.
async function sendFile() {
  const field = byId("phone-file");
  const [file] = field.files;
  field.value = "";
  if (!file) return;
  const form = new FormData();
  const shape = { image: "image", video: "video", audio: "audio" }[file.type.split("/")[0]] || "document";
  form.set("number", wanted.number);
  form.set("customer", wanted.customer);
  form.set("kind", file.type === "image/webp" ? "sticker" : shape);
  form.set("voice", String(shape === "audio"));
  form.set("caption", byId("phone-input").value.trim());
  form.set("file", file);
  try {
    await post("/files", form);
    byId("phone-input").value = "";
    byId("phone-error").textContent = "";
  } catch (error) {
    byId("phone-error").textContent = error.message;
  }
}

async function echo() {
  await opened;
  const field = byId("phone-echo");
  const text = field.value;
  if (!text.trim()) return;
  field.value = "";
  byId("phone-error").textContent = "";
  try {
    await post("/echoes", { number: wanted.number, customer: wanted.customer, text });
  } catch (error) {
    byId("phone-error").textContent = error.message;
    field.value ||= text;
  }
}

async function switchTo(change) {
  try {
    await post(`/customers/${wanted.customer}`, change);
  } catch (error) {
    byId("phone-error").textContent = error.message;
    paint();
  }
}

function showAdd(shown) {
  byId("phone-add-form").hidden = !shown;
  byId("phone-add").setAttribute("aria-expanded", String(shown));
  byId("phone-add-error").textContent = "";
  if (!shown) return;
  byId("phone-add-name").value = state ? state.suggestion.name : "";
  byId("phone-add-phone").value = state ? state.suggestion.phone : "";
  byId("phone-add-name").select();
}

async function addCustomer() {
  for (const field of byId("phone-add-form").querySelectorAll(".input")) field.removeAttribute("aria-invalid");
  try {
    const added = await post("/customers", { name: byId("phone-add-name").value, phone: byId("phone-add-phone").value });
    showAdd(false);
    open({ customer: added.customer.id });
    input.focus();
  } catch (error) {
    byId("phone-add-error").textContent = error.message;
    const wrong = byId(byId("phone-add-name").value.trim() ? "phone-add-phone" : "phone-add-name");
    wrong.setAttribute("aria-invalid", "true");
    wrong.focus();
  }
}

byId("phone-file").addEventListener("change", sendFile);
byId("phone-form").addEventListener("submit", (event) => { event.preventDefault(); send(); });
byId("phone-add-form").addEventListener("submit", (event) => { event.preventDefault(); addCustomer(); });
byId("phone-add").addEventListener("click", () => showAdd(byId("phone-add-form").hidden));
byId("phone-add-cancel").addEventListener("click", () => { showAdd(false); byId("phone-add").focus(); });
byId("phone-quote-cancel").addEventListener("click", () => { quote(null); input.focus(); });
byId("phone-online").addEventListener("change", (event) => switchTo({ isOnline: event.target.checked }));
byId("phone-receipts").addEventListener("change", (event) => switchTo({ showsReceipts: event.target.checked }));
byId("phone-marketing").addEventListener("change", (event) => switchTo({ wantsMarketing: event.target.checked }));
byId("phone-hidden").addEventListener("change", (event) => switchTo({ hidesPhone: event.target.checked }));
for (const item of menu.querySelectorAll("[data-kind]")) item.addEventListener("click", () => sendKind(item.dataset.kind));
document.addEventListener("click", ({ target }) => { if (!menu.contains(target)) menu.open = false; });
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
byId("phone-echo-form").addEventListener("submit", (event) => { event.preventDefault(); echo(); });
input.addEventListener("input", grow);
input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
keepAsking();
