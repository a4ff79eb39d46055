// Drafts live in this browser, one per person and conversation; storage can be full or forbidden, and is a convenience.
const key = (user, conversation) => `draft:${user}:${conversation}`;

export function readDraft(user, conversation) {
  try {
    return localStorage.getItem(key(user, conversation)) || "";
  } catch {
    return "";
  }
}

// Tells this window's list, too; other windows hear of it from the browser.
export function writeDraft(user, conversation, text) {
  try {
    if (text) localStorage.setItem(key(user, conversation), text);
    else localStorage.removeItem(key(user, conversation));
  } catch {
    return;
  }
  window.dispatchEvent(new CustomEvent("shell:draft", { detail: { conversation_id: conversation, text } }));
}

// Calls back with (conversation, text) for drafts of this person that any window writes; returns what ends that.
export function followDrafts(user, listener) {
  const own = ({ detail }) => listener(detail.conversation_id, detail.text);
  const other = ({ key: changed, newValue }) => {
    const prefix = key(user, "");
    if (changed?.startsWith(prefix)) listener(changed.slice(prefix.length), newValue || "");
  };
  window.addEventListener("shell:draft", own);
  window.addEventListener("storage", other);
  return () => {
    window.removeEventListener("shell:draft", own);
    window.removeEventListener("storage", other);
  };
}
