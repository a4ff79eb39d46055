// The reply box. It clears in the same tick as it sends, so a second Enter or click finds nothing to send;
// the bubble appears through the window event `shell:sending` before the server has heard of it.
// Drafts live in this browser, one per person and conversation, and survive reload, deploy and reconnect.
import { readDraft, writeDraft } from "parley/drafts.js";
import { reader } from "parley/reader.js";

const LIMIT = 4096;
const COUNT_FROM = 3800;
const HOUR = 3600e3;
const TYPING_EVERY = 20e3;

function uuid() {
  if (window.crypto?.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16)); // plain http has no randomUUID
  b[6] = (b[6] & 15) | 64;
  b[8] = (b[8] & 63) | 128;
  const hex = Array.from(b, (n) => n.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export default {
  mixins: [reader],
  template: `
    <div class="composer" data-testid="composer">
      <div v-if="!canSend" class="composer-closed" data-testid="composer-blocked">
        <svg class="i" aria-hidden="true"><use :href="icon('lock')"></use></svg><p>{{ strings.cannot_send }}</p>
      </div>
      <div v-else-if="left <= 0" class="composer-closed" data-testid="composer-closed">
        <svg class="i" aria-hidden="true"><use :href="icon('clock')"></use></svg>
        <div class="grow"><b>{{ strings.window_closed_title }}</b><p>{{ strings.window_closed_text }}</p></div>
        <button type="button" class="btn btn-primary" data-testid="composer-choose-template" @click="$emit('template')">{{ strings.choose_template }}</button>
      </div>
      <form v-else class="composer-box" :class="{ 'is-long': length >= countFrom }" @submit.prevent="send">
        <textarea ref="box" class="composer-input" rows="1" data-testid="composer-input" v-model="text" :placeholder="strings.placeholder" :aria-label="strings.input_label"
          :aria-describedby="$.uid + '-count'" enterkeyhint="send" dir="auto" @input="onInput" @keydown.enter="onEnter"></textarea>
        <div class="composer-left">
          <button type="button" class="icon-btn" data-testid="composer-template" :aria-label="strings.template" :title="strings.template" @click="$emit('template')"><svg class="i" aria-hidden="true"><use :href="icon('layout-template')"></use></svg></button>
          <span class="badge" :class="tone" role="timer" :title="until" data-testid="composer-window"><svg class="i" aria-hidden="true"><use :href="icon('clock')"></use></svg><span class="not-phone">{{ leftText }}</span><span class="only-phone" aria-hidden="true">{{ leftShort }}</span></span>
          <span :id="$.uid + '-count'" class="composer-count" :class="{ 'is-over': length > limit }" role="status"><template v-if="length >= countFrom">{{ counter }}</template></span>
        </div>
        <div class="composer-right">
          <span class="composer-hint" aria-hidden="true"><span class="kbd"><svg class="i"><use :href="icon('corner-down-left')"></use></svg></span>{{ strings.to_send }}</span>
          <button class="composer-send" type="submit" data-testid="composer-send" :class="{ 'is-over': length > limit }" :aria-disabled="length > limit ? 'true' : null" :aria-label="strings.send" :title="strings.send">
            <svg class="i" aria-hidden="true"><use :href="icon('send')"></use></svg>
          </button>
        </div>
      </form>
    </div>
  `,
  props: { conversationId: String, userId: String, windowExpiresAt: String, canSend: Boolean },
  emits: ["send", "template", "typing"],
  data() {
    return { text: "", expires: this.windowExpiresAt, limit: LIMIT, countFrom: COUNT_FROM, now: Date.now() };
  },
  computed: {
    left() {
      return this.expires ? Date.parse(this.expires) - this.now : 0;
    },
    tone() {
      if (this.left < HOUR) return "badge-danger";
      return this.left < 4 * HOUR ? "badge-warn" : "badge-ok";
    },
    leftText() {
      const minutes = Math.ceil(this.left / 60e3);
      if (minutes < 60) return this.strings.left_minutes.replace("{m}", minutes);
      return this.strings.left_hours.replace("{h}", Math.floor(minutes / 60)).replace("{m}", minutes % 60);
    },
    leftShort() {
      const minutes = Math.ceil(this.left / 60e3);
      return minutes < 60 ? this.strings.short_minutes.replace("{m}", minutes) : this.strings.short_hours.replace("{h}", Math.floor(minutes / 60));
    },
    until() {
      const style = this.dateFormat({ dateStyle: "medium", timeStyle: "short" });
      return this.strings.window_until.replace("{time}", style.format(Date.parse(this.expires)));
    },
    length() {
      return this.text.length < COUNT_FROM ? this.text.length : Array.from(this.text).length;
    },
    counter() {
      const n = new Intl.NumberFormat(window.shell.locale(this.locale));
      return this.strings.counter.replace("{n}", n.format(this.length)).replace("{max}", n.format(LIMIT));
    },
    ready() {
      return this.text.trim() !== "" && this.length <= LIMIT;
    },
  },
  created() {
    this.text = readDraft(this.userId, this.conversationId);
    this.told = 0;
    this.onHide = () => this.flush();
    window.addEventListener("pagehide", this.onHide);
    document.addEventListener("visibilitychange", this.onHide);
    this.clock = setInterval(() => (this.now = Date.now()), 10e3);
  },
  mounted() {
    this.grow();
  },
  beforeUnmount() {
    this.flush();
    clearInterval(this.clock);
    window.removeEventListener("pagehide", this.onHide);
    document.removeEventListener("visibilitychange", this.onHide);
  },
  methods: {
    set_window(iso) {
      this.expires = iso;
      this.now = Date.now();
      this.$nextTick(this.grow);
    },
    // A text that could not be sent comes back, before whatever was written meanwhile.
    restore({ text }) {
      this.text = this.text.trim() ? `${text}\n${this.text}` : text;
      this.save();
      this.$nextTick(() => {
        this.grow();
        this.$refs.box?.focus();
      });
    },

    send() {
      if (!this.ready || !this.canSend || this.left <= 0) return;
      const text = this.text.trim();
      const clientRef = uuid();
      this.told = 0; // a message ends it
      this.text = "";
      this.save();
      window.dispatchEvent(new CustomEvent("shell:sending", { detail: { conversation_id: this.conversationId, client_ref: clientRef, text } }));
      this.$emit("send", { text, client_ref: clientRef });
      this.$nextTick(() => {
        this.grow();
        this.$refs.box?.focus();
      });
    },
    onEnter(event) {
      if (event.isComposing || event.keyCode === 229 || (event.shiftKey && !event.ctrlKey)) return;
      event.preventDefault();
      if (!event.repeat) this.send();
    },
    onInput() {
      this.grow();
      this.tellTyping();
      clearTimeout(this.saving);
      this.saving = setTimeout(this.save, 500);
    },
    // What customers see of it lasts 25 seconds.
    tellTyping() {
      if (!this.text.trim() || Date.now() - this.told < TYPING_EVERY) return;
      this.told = Date.now();
      this.$emit("typing");
    },
    grow() {
      const box = this.$refs.box;
      if (!box) return;
      box.style.height = "auto";
      box.style.height = `${box.scrollHeight + box.offsetHeight - box.clientHeight}px`;
    },
    save() {
      clearTimeout(this.saving);
      this.saving = null;
      writeDraft(this.userId, this.conversationId, this.text.trim() ? this.text : "");
    },
    flush() {
      if (this.saving) this.save();
    },
  },
};
