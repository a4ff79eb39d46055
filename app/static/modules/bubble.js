// One message of a thread: its text, its time and state, and below it what went wrong and what can be done.
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
  components: { RichText },
  template: `
    <div class="msg" :class="classes" :data-testid="'message-' + row.id" :data-status="row.status" :data-direction="row.direction">
      <div class="bubble">
        <span class="sr-only">{{ who }}: </span>
        <span v-if="row.label" class="bubble-label"><svg class="i" aria-hidden="true"><use :href="icon('layout-template')"></use></svg>{{ row.label }}</span>
        <span v-if="row.is_sentence" class="bubble-sentence"><svg v-if="row.icon" class="i" aria-hidden="true"><use :href="icon(row.icon)"></use></svg><span>{{ row.text }}</span></span>
        <rich-text v-else :text="row.text"></rich-text>
        <span class="bubble-meta">
          <span v-if="first && row.author" class="bubble-author">{{ row.author }}</span><span v-if="first && row.author" aria-hidden="true">·</span>
          <time :datetime="row.at" :title="fullTime">{{ time }}</time>
          <svg v-if="tick" class="i tick" :class="'tick-' + (row.status === 'played' ? 'read' : row.status)" role="img" :aria-label="strings['status_' + row.status]"><title>{{ strings['status_' + row.status] }}</title><use :href="icon(tick)"></use></svg>
        </span>
      </div>
      <div v-if="row.buttons?.length" class="bubble-buttons"><span v-for="words in row.buttons" :key="words">{{ words }}</span></div>
      <div v-if="fault" class="msg-fault" :class="{ 'is-unsure': row.status !== 'failed' }" :data-testid="'fault-' + row.id">
        <span><svg class="i" aria-hidden="true"><use :href="icon(faultIcon)"></use></svg>{{ fault }}</span>
        <button v-if="row.error && row.error.action" type="button" :disabled="asked" :data-testid="row.error.action + '-' + row.id" @click="ask">{{ row.error.action_label }}</button>
      </div>
    </div>
  `,
  props: { row: Object, first: Boolean, time: String, fullTime: String, contactName: String },
  emits: ["ask"],
  data() {
    return { asked: false };
  },
  computed: {
    classes() {
      return [this.row.direction === "outbound" ? "msg-out" : "msg-in", { "is-first": this.first, "msg-failed": this.row.status === "failed" }];
    },
    who() {
      return this.row.direction === "outbound" ? this.row.author || this.strings.us : this.contactName || this.strings.them;
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
    ask() {
      this.asked = true;
      this.$emit("ask", this.row);
    },
  },
};
