// The reply box. It clears in the same tick as it sends, so a second Enter or click finds nothing to send;
// the bubble appears through the window event `shell:sending` before the server has heard of it.
// Drafts live in this browser, one per person and conversation, and survive reload, deploy and reconnect.
import { Attachments } from "parley/attachments.js";
import { readDraft, writeDraft } from "parley/drafts.js";
import { reader } from "parley/reader.js";
import { Recorder, canRecord } from "parley/recorder.js";
import { forget, keep, unsent } from "parley/unsent.js";

const LIMIT = 4096;
const COUNT_FROM = 3800;
const HOUR = 3600e3;
const TYPING_EVERY = 20e3;
const DRAGS = ["dragenter", "dragover", "dragleave", "drop"];

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
  components: { Attachments, Recorder },
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
      <form v-else class="composer-box" :class="{ 'is-long': length >= countFrom, 'is-target': dragged }" @submit.prevent="send">
        <div v-if="quote" class="composer-quote" data-testid="composer-quote">
          <div class="grow"><span class="quote-who">{{ quote.who }}</span><span class="quote-text" dir="auto">{{ quote.text }}</span></div>
          <button type="button" class="icon-btn" :aria-label="strings.no_quote" :title="strings.no_quote" data-testid="composer-quote-remove" @click="quote = null"><svg class="i" aria-hidden="true"><use :href="icon('x')"></use></svg></button>
        </div>
        <recorder v-if="recording" :strings="strings" :sprite="sprite" @cancel="stopRecording" @done="onRecorded"></recorder>
        <attachments ref="tray" :strings="strings" :sprite="sprite" @change="files = $event" @enter="send"></attachments>
        <textarea v-show="!recording" ref="box" class="composer-input" rows="1" data-testid="composer-input" v-model="text" :placeholder="strings.placeholder" :aria-label="strings.input_label"
          :aria-describedby="$.uid + '-count'" enterkeyhint="send" dir="auto" @input="onInput" @keydown.enter="onEnter" @keydown.esc="quote = null" @paste="onPaste"></textarea>
        <div v-show="!recording" class="composer-left">
          <input ref="picker" type="file" multiple hidden data-testid="composer-files" @change="onPick">
          <button type="button" class="icon-btn" data-testid="composer-attach" :aria-label="strings.attach" :title="strings.attach" @click="$refs.picker.click()"><svg class="i" aria-hidden="true"><use :href="icon('paperclip')"></use></svg></button>
          <span class="composer-more" @keydown.esc="closeMenu">
            <button ref="opener" type="button" class="icon-btn" data-testid="composer-more" :aria-label="strings.more" :title="strings.more" :aria-expanded="String(more)" @click="more = !more"><svg class="i" aria-hidden="true"><use :href="icon('plus')"></use></svg></button>
            <ul v-if="more" class="composer-menu" :aria-label="strings.more">
              <li class="only-phone"><button type="button" data-testid="compose-file" @click="closeMenu(); $refs.picker.click()"><svg class="i" aria-hidden="true"><use :href="icon('paperclip')"></use></svg>{{ strings.attach }}</button></li>
              <li class="only-phone"><button type="button" data-testid="compose-template" @click="closeMenu(); $emit('template')"><svg class="i" aria-hidden="true"><use :href="icon('layout-template')"></use></svg>{{ strings.template }}</button></li>
              <li v-for="one in kinds" :key="one.kind"><button type="button" :data-testid="'compose-' + one.kind" @click="compose(one.kind)"><svg class="i" aria-hidden="true"><use :href="icon(one.icon)"></use></svg>{{ one.label }}</button></li>
            </ul>
          </span>
          <button type="button" class="icon-btn" data-testid="composer-template" :aria-label="strings.template" :title="strings.template" @click="$emit('template')"><svg class="i" aria-hidden="true"><use :href="icon('layout-template')"></use></svg></button>
          <span class="badge" :class="tone" role="timer" :title="until" data-testid="composer-window"><svg class="i" aria-hidden="true"><use :href="icon('clock')"></use></svg><span class="not-phone">{{ leftText }}</span><span class="only-phone" aria-hidden="true">{{ leftShort }}</span></span>
          <span :id="$.uid + '-count'" class="composer-count" :class="{ 'is-over': length > limit }" role="status"><template v-if="length >= countFrom">{{ counter }}</template></span>
        </div>
        <div v-show="!recording" class="composer-right">
          <span class="composer-hint" aria-hidden="true"><span class="kbd"><svg class="i"><use :href="icon('corner-down-left')"></use></svg></span>{{ strings.to_send }}</span>
          <button v-if="canRecord && !ready && !files" ref="mic" type="button" class="icon-btn composer-record" data-testid="composer-record" :aria-label="strings.record" :title="strings.record" @click="recording = true"><svg class="i" aria-hidden="true"><use :href="icon('mic')"></use></svg></button>
          <button class="composer-send" type="submit" data-testid="composer-send" :class="{ 'is-over': length > limit || waits }" :aria-disabled="length > limit || waits ? 'true' : null" :aria-label="strings.send" :title="strings.send">
            <svg class="i" aria-hidden="true"><use :href="icon('send')"></use></svg>
          </button>
        </div>
      </form>
    </div>
  `,
  props: { conversationId: String, userId: String, windowExpiresAt: String, canSend: Boolean, kinds: Array },
  emits: ["compose", "send", "template", "typing"],
  data() {
    return { text: "", expires: this.windowExpiresAt, limit: LIMIT, countFrom: COUNT_FROM, now: Date.now(), quote: null, files: 0, waits: false, dragged: false, more: false, recording: false, canRecord };
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
    this.onReply = ({ detail }) => this.answer(detail);
    this.onDrag = (event) => this.drag(event);
    this.onPress = ({ target }) => target.closest?.(".composer-more") || (this.more = false);
    document.addEventListener("pointerdown", this.onPress);
    window.addEventListener("shell:reply", this.onReply);
    this.onLoaded = ({ detail }) => this.sendAgain(detail);
    window.addEventListener("shell:loaded", this.onLoaded);
    for (const name of DRAGS) window.addEventListener(name, this.onDrag);
    window.addEventListener("pagehide", this.onHide);
    document.addEventListener("visibilitychange", this.onHide);
    this.clock = setInterval(() => (this.now = Date.now()), 10e3);
    this.lookAtEnd();
  },
  mounted() {
    this.grow();
  },
  beforeUnmount() {
    this.flush();
    clearInterval(this.clock);
    clearTimeout(this.end);
    window.removeEventListener("shell:reply", this.onReply);
    window.removeEventListener("shell:loaded", this.onLoaded);
    document.removeEventListener("pointerdown", this.onPress);
    for (const name of DRAGS) window.removeEventListener(name, this.onDrag);
    window.removeEventListener("pagehide", this.onHide);
    document.removeEventListener("visibilitychange", this.onHide);
  },
  methods: {
    set_window(iso) {
      this.expires = iso;
      this.lookAtEnd();
      this.$nextTick(this.grow);
    },
    lookAtEnd() {
      this.now = Date.now();
      clearTimeout(this.end);
      if (this.left > 0) this.end = setTimeout(() => (this.now = Date.now()), this.left + 20);
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

    // `left` names the files that were refused.
    settled({ client_ref, left }) {
      const sending = unsent(this.userId, this.conversationId).find((one) => one.client_ref === client_ref);
      const back = (sending?.files ?? []).filter((file) => left.includes(file.client_ref));
      if (back.length) this.$refs.tray?.putBack(back);
      forget(this.userId, this.conversationId, client_ref);
    },
    // What a lost connection has swallowed goes out again; what is too old for that is back in the box.
    sendAgain({ conversation_id, refs }) {
      if (conversation_id !== this.conversationId) return;
      for (const { at, ...sending } of unsent(this.userId, this.conversationId)) {
        const { text, client_ref } = sending;
        if (Date.now() - at < HOUR) {
          if (text && !refs.includes(client_ref)) window.dispatchEvent(new CustomEvent("shell:sending", { detail: { conversation_id, client_ref, text, quote: null } }));
          this.$emit("send", sending);
        } else {
          this.settled({ client_ref, left: sending.files.map((file) => file.client_ref).filter((ref) => !refs.includes(ref)) });
          if (text && !refs.includes(client_ref)) this.restore({ text });
        }
      }
    },

    // Files first, in their order, once all of them are there; a refused one holds everything back.
    async send() {
      if (!this.canSend || this.left <= 0 || this.waits || this.length > LIMIT) return;
      let files = [];
      if (this.files) {
        this.waits = true;
        files = await this.$refs.tray.take();
        this.waits = false;
        if (!files) return;
      }
      if (!this.ready && !files.length) return;
      const text = this.text.trim();
      const quote = this.quote;
      this.quote = null;
      const clientRef = uuid();
      this.told = 0; // a message ends it
      this.text = "";
      this.save();
      if (text) window.dispatchEvent(new CustomEvent("shell:sending", { detail: { conversation_id: this.conversationId, client_ref: clientRef, text, quote: files.length ? null : quote?.row ?? null } }));
      const sending = { text, client_ref: clientRef, answers: quote?.id ?? null, files: files.map((file) => ({ ...file, client_ref: uuid() })) };
      keep(this.userId, this.conversationId, sending);
      this.$emit("send", sending);
      this.$nextTick(() => {
        this.grow();
        this.$refs.box?.focus();
      });
    },
    answer({ conversation_id, id, who, text, row }) {
      if (conversation_id !== this.conversationId) return;
      this.quote = { id, who, text, row };
      this.$nextTick(() => this.$refs.box?.focus());
    },
    closeMenu() {
      if (this.more) this.$refs.opener.focus();
      this.more = false;
    },
    compose(kind) {
      this.closeMenu(); // where the focus returns to when the form closes
      this.$emit("compose", { kind, answers: this.quote?.id ?? null });
      this.quote = null;
    },
    stopRecording() {
      this.recording = false;
      this.$nextTick(() => (this.$refs.mic ?? this.$refs.box)?.focus());
    },
    onRecorded(file) {
      this.recording = false;
      this.$refs.tray.add([file], { voice: true });
      this.$nextTick(this.send);
    },
    onPick({ target }) {
      this.attach(target.files);
      target.value = "";
    },
    onPaste(event) {
      const files = event.clipboardData?.files;
      if (!files?.length) return;
      event.preventDefault();
      this.attach(files);
    },
    attach(files) {
      if (!this.$refs.tray || !files.length) return;
      this.$refs.tray.add(files);
      this.$nextTick(() => this.$refs.box?.focus());
    },
    // Files can be let go anywhere on the page while a conversation is open.
    drag(event) {
      if (!this.$refs.tray || !event.dataTransfer?.types?.includes("Files")) return;
      event.preventDefault();
      this.dragged = event.type === "dragover" || event.type === "dragenter";
      if (event.type === "drop") this.attach(event.dataTransfer.files);
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
