// One message of a thread: its text, its time and state, and below it what went wrong and what can be done.
import { Cards } from "parley/cards.js";
import { FileBubble } from "parley/file_bubble.js";
import { LINK, tokenise } from "parley/rich_text.js";
import { TICKS, reader } from "parley/reader.js";

const RichText = {
  props: { text: String },
  render() {
    const node = (part) => {
      if (typeof part === "string") return part;
      if (part.href) return Vue.h("a", { ...LINK, href: part.href }, part.text);
      return Vue.h(part.tag, part.children.map(node));
    };
    return Vue.h("span", { class: "bubble-text", dir: "auto" }, tokenise(this.text || "").map(node));
  },
};

export const Bubble = {
  mixins: [reader],
  components: { Cards, FileBubble, RichText },
  template: `
    <div class="msg" :class="classes" :data-testid="'message-' + row.id" :data-status="row.status" :data-direction="row.direction">
      <div class="bubble" :class="{ 'has-file': row.file }">
        <span class="sr-only">{{ who }}: </span>
        <span v-if="row.label" class="bubble-label"><svg class="i" aria-hidden="true"><use :href="icon(labelIcon)"></use></svg>{{ row.label }}</span>
        <button v-if="row.quote" type="button" class="bubble-quote" :data-testid="'quote-' + row.id" @click="$emit('jump', row.quote.id)">
          <span class="quote-who">{{ quoted }}</span>
          <span class="quote-text" dir="auto"><svg v-if="row.quote.icon && !row.quote.gone" class="i" aria-hidden="true"><use :href="icon(row.quote.icon)"></use></svg>{{ row.quote.gone ? strings.deleted : row.quote.text }}</span>
        </button>
        <span v-if="row.gone" class="bubble-sentence"><svg class="i" aria-hidden="true"><use :href="icon('ban')"></use></svg><span>{{ strings.deleted }}</span></span>
        <cards v-if="cardsAt(false).length" :cards="cardsAt(false)" :sprite="sprite"></cards>
        <b v-if="row.heading" class="bubble-heading" dir="auto">{{ row.heading }}</b>
        <file-bubble v-if="row.file" :file="row.file" :strings="strings" :sprite="sprite" @enlarge="$emit('enlarge', $event)" @relink="$emit('relink')" @refetch="$emit('refetch', $event)"></file-bubble>
        <span v-if="row.is_sentence" class="bubble-sentence"><svg v-if="row.icon" class="i" aria-hidden="true"><use :href="icon(row.icon)"></use></svg><span>{{ row.text }}</span></span>
        <rich-text v-else-if="row.text" :text="row.text"></rich-text>
        <span v-if="row.footer" class="bubble-footer" dir="auto">{{ row.footer }}</span>
        <cards v-if="cardsAt(true).length" :cards="cardsAt(true)" :sprite="sprite"></cards>
        <span class="bubble-meta">
          <span v-if="row.edited" :title="row.edited">{{ strings.edited }}</span><span v-if="row.edited" aria-hidden="true">·</span>
          <span v-if="first && row.author" class="bubble-author">{{ row.author }}</span><span v-if="first && row.author" aria-hidden="true">·</span>
          <time :datetime="row.at" :title="fullTime">{{ time }}</time>
          <svg v-if="tick" class="i tick" :class="'tick-' + (row.status === 'played' ? 'read' : row.status)" role="img" :aria-label="strings['status_' + row.status]"><title>{{ strings['status_' + row.status] }}</title><use :href="icon(tick)"></use></svg>
        </span>
        <div v-if="canRefer" class="msg-tools" role="group" :aria-label="strings.react">
          <button type="button" class="icon-btn" :aria-label="strings.answer" :title="strings.answer" :data-testid="'answer-' + row.id" @click="$emit('answer', row)"><svg class="i" aria-hidden="true"><use :href="icon('reply')"></use></svg></button>
          <button type="button" class="icon-btn" :aria-label="strings.react" :title="strings.react" :aria-expanded="String(picks)" :data-testid="'react-' + row.id" @click="picks = !picks"><svg class="i" aria-hidden="true"><use :href="icon('smile')"></use></svg></button>
          <div v-if="picks" class="msg-emojis" @keydown.esc="picks = false">
            <button v-for="emoji in emojis" :key="emoji" type="button" :class="{ 'is-mine': emoji === mine }" :aria-pressed="String(emoji === mine)" :aria-label="strings.react_with.replace('{emoji}', emoji)" @click="react(emoji)">{{ emoji }}</button>
          </div>
        </div>
      </div>
      <div v-if="row.reactions?.length" class="bubble-reactions" :data-testid="'reactions-' + row.id"><span v-for="one in row.reactions" :key="one.direction" :title="reacted(one)" :aria-label="reacted(one)" role="img">{{ one.emoji }}</span></div>
      <div v-if="row.buttons?.length" class="bubble-buttons"><span v-for="words in row.buttons" :key="words">{{ words }}</span></div>
      <div v-if="fault" class="msg-fault" :class="{ 'is-unsure': row.status !== 'failed' }" :data-testid="'fault-' + row.id">
        <span><svg class="i" aria-hidden="true"><use :href="icon(faultIcon)"></use></svg>{{ fault }}</span>
        <button v-if="row.error && row.error.action" type="button" :disabled="asked" :data-testid="row.error.action + '-' + row.id" @click="ask">{{ row.error.action_label }}</button>
      </div>
    </div>
  `,
  props: { row: Object, first: Boolean, time: String, fullTime: String, contactName: String, emojis: Array },
  emits: ["answer", "ask", "enlarge", "jump", "react", "relink", "refetch"],
  data() {
    return { asked: false, picks: false };
  },
  computed: {
    classes() {
      return [this.row.direction === "outbound" ? "msg-out" : "msg-in", { "is-first": this.first, "msg-failed": this.row.status === "failed" }];
    },
    who() {
      return this.nameOf(this.row.direction, this.row.author);
    },
    // Only what is at WhatsApp can be quoted or reacted to.
    canRefer() {
      const isThere = this.row.direction === "inbound" || ["sent", "delivered", "read", "played"].includes(this.row.status);
      return this.emojis?.length > 0 && isThere && !this.row.gone;
    },
    mine() {
      return this.row.reactions?.find((one) => one.direction === "outbound")?.emoji;
    },
    labelIcon() {
      return this.row.type === "template" ? "layout-template" : this.row.type === "interactive" || this.row.type === "button" ? "corner-down-left" : "reply";
    },
    quoted() {
      return this.nameOf(this.row.quote.direction, this.row.quote.author);
    },
    tick() {
      return this.row.direction === "outbound" ? TICKS[this.row.status] : null;
    },
    fault() {
      return this.row.error?.text;
    },
    faultIcon() {
      return TICKS[this.row.status];
    },
  },
  watch: {
    row() {
      this.asked = false;
    },
  },
  methods: {
    cardsAt(below) {
      return (this.row.cards ?? []).filter((one) => one.below === below);
    },
    nameOf(direction, author) {
      return direction === "outbound" ? author || this.strings.us : this.contactName || this.strings.them;
    },
    reacted({ direction, author, emoji }) {
      return this.strings.reacted.replace("{name}", this.nameOf(direction, author)).replace("{emoji}", emoji);
    },
    react(emoji) {
      this.picks = false;
      this.$emit("react", { id: this.row.id, emoji: emoji === this.mine ? "" : emoji });
    },
    ask() {
      this.asked = true;
      this.$emit("ask", this.row);
    },
  },
};
