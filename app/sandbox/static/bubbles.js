// The messages of the open chat. What a person wrote becomes text nodes; a bubble that says something
// else now is made anew, the others stay.
import { paint as paintText } from "parley/rich_text.js";

const HEART = "❤️";
const { locale, hourCycle } = window.shell; // of the product's app.js, so that times look as in the inbox
const clock = new Intl.DateTimeFormat(locale(document.documentElement.lang), { hour: "numeric", minute: "2-digit", hourCycle });

export function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function icon(name, label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  svg.setAttribute("class", "i");
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else {
    svg.setAttribute("aria-hidden", "true");
  }
  svg.append(use);
  return svg;
}

// `page` has `base`, `words`, and `act(kind, message, value)` for what is done with a message.
export function paintBubbles(log, messages, page) {
  const list = log.querySelector("ol");
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const kept = new Map([...list.children].map((bubble) => [bubble.dataset.key, bubble]));
  let added = false;
  messages.forEach((message, index) => {
    const key = JSON.stringify({ ...message, state: null });
    let bubble = kept.get(key);
    if (!bubble) {
      bubble = newBubble(message, page);
      bubble.dataset.key = key;
      added = true;
    }
    kept.delete(key);
    bubble.dataset.testid = `phone-message-${index + 1}`;
    paintState(bubble, message, page.words);
    if (list.children[index] !== bubble) list.insertBefore(bubble, list.children[index] || null);
  });
  kept.forEach((bubble) => bubble.remove());
  if (added && atEnd) log.scrollTop = log.scrollHeight;
}

function newBubble(message, page) {
  const row = element("li", "ph-msg");
  row.dataset.direction = message.direction;
  const column = element("div", "ph-column");
  column.append(bubbleOf(message, page));
  if (message.reactions) column.append(element("span", "ph-reactions", message.reactions));
  if (message.link || message.choices.length) column.append(choicesOf(message, page));
  row.append(column, toolsOf(message, page));
  return row;
}

function bubbleOf(message, page) {
  const bubble = element("div", "ph-bubble");
  if (message.quote !== null) bubble.append(element("span", "ph-bubble-quote", message.quote));
  const text = element("span", "bubble-text ph-text");
  text.dir = "auto";
  paintText(text, message.text);
  if (message.picture) {
    const picture = element("img", "ph-picture");
    picture.src = page.base + message.picture;
    picture.alt = message.text;
    bubble.append(picture);
  }
  bubble.append(text);
  const meta = element("span", "ph-meta");
  if (message.isEdited) meta.append(element("span", "", page.words.edited));
  const sentAt = new Date(message.sentAt);
  const time = element("time", "", clock.format(sentAt));
  time.dateTime = sentAt.toISOString();
  meta.append(time, element("span", "ph-tick"));
  bubble.append(meta);
  return bubble;
}

function choicesOf(message, page) {
  const group = element("div", "ph-choices");
  for (const [index, choice] of message.choices.entries()) {
    const button = element("button", "ph-choice", choice.title);
    button.type = "button";
    button.dataset.testid = `phone-choice-${index + 1}`;
    button.addEventListener("click", () => page.act("choice", message, choice.id));
    group.append(button);
  }
  if (message.link) {
    const link = element("a", "ph-choice", message.link.title);
    link.href = message.link.url;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    group.append(link);
  }
  return group;
}

function toolsOf(message, page) {
  const { words } = page;
  const tools = element("div", "ph-tools");
  const add = (kind, name, label, value) => {
    const button = element("button", "ph-icon-btn");
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    button.append(icon(name));
    button.addEventListener("click", () => page.act(kind, message, value));
    tools.append(button);
  };
  add("reply", "reply", words.reply);
  add("reaction", "smile", message.hasReacted ? words.unreact : words.react, message.hasReacted ? "" : HEART);
  if (message.isChangeable) add("edit", "pencil", words.change);
  if (message.isDeletable) add("revoke", "trash-2", words.remove);
  return tools;
}

function paintState(bubble, message, words) {
  const tick = bubble.querySelector(".ph-tick");
  if (!message.state || tick.dataset.state === message.state) return;
  tick.dataset.state = message.state;
  const name = ["waiting", "leaving"].includes(message.state) ? "clock" : "check-check";
  tick.replaceChildren(icon(name, words[message.state]));
}
