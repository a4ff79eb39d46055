// The messages of one conversation. Python owns the data; this file paints it, keeps the scroll position and says what was seen.
// Rows are kept by id and ordered by (at, id). A bubble that the person has just sent stands last until the server's row
// with the same client_ref replaces it. Text reaches the page only as text nodes: formatting is tokenised, never HTML.
import { TICKS, painting } from "/static/painting.js";
import { tokenise } from "/static/rich_text.js";

const NEAR_END = 60;
const RichText = {
  props: { text: String },
  render() {
    const node = (part) => {
      if (typeof part === "string") return part;
      if (part.href) return Vue.h("a", { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" }, part.text);
      return Vue.h(part.tag, part.children.map(node));
    };
    return Vue.h("span", { class: "bubble-text", dir: "auto" }, tokenise(this.text || "").map(node));
  },
};

const Message = {
  components: { RichText },
  template: `
    <div class="msg" :class="classes" :data-testid="'message-' + row.id" :data-status="row.status" :data-direction="row.direction">
      <div class="bubble">
        <span class="sr-only">{{ who }}: </span>
        <span v-if="row.is_sentence" class="bubble-sentence"><svg v-if="row.icon" class="i" aria-hidden="true"><use :href="icon(row.icon)"></use></svg><span>{{ row.text }}</span></span>
        <rich-text v-else :text="row.text"></rich-text>
        <span class="bubble-meta">
          <span v-if="first && row.author" class="bubble-author">{{ row.author }}</span><span v-if="first && row.author" aria-hidden="true">·</span>
          <time :datetime="row.at" :title="fullTime">{{ time }}</time>
          <svg v-if="tick" class="i tick" :class="'tick-' + (row.status === 'played' ? 'read' : row.status)" role="img" :aria-label="strings['status_' + row.status]"><title>{{ strings['status_' + row.status] }}</title><use :href="icon(tick)"></use></svg>
        </span>
      </div>
      <div v-if="fault" class="msg-fault" :class="{ 'is-unsure': row.status !== 'failed' }" :data-testid="'fault-' + row.id">
        <span><svg class="i" aria-hidden="true"><use :href="icon(row.status === 'failed' ? 'circle-alert' : 'clock-question')"></use></svg>{{ fault }}</span>
        <button v-if="row.error && row.error.action" type="button" :disabled="asked" :data-testid="row.error.action + '-' + row.id" @click="ask">{{ row.error.action_label }}</button>
      </div>
    </div>
  `,
  props: { row: Object, first: Boolean, time: String, fullTime: String, strings: Object, sprite: String, contactName: String },
  emits: ["ask"],
  data() {
    return { asked: false };
  },
  computed: {
    classes() {
      return [this.row.direction === "outbound" ? "msg-out" : "msg-in", { "is-first": this.first, "msg-failed": this.row.status === "failed" }];
    },
    faultIcon() {
      return TICKS[this.row.status];
    },
    who() {
      return this.row.direction === "outbound" ? this.row.author || this.strings.us : this.contactName || this.strings.them;
    },
    tick() {
      return this.row.direction === "outbound" ? TICKS[this.row.status] : null;
    },
    fault() {
      if (this.row.status === "uncertain") return this.row.error?.text || this.strings.uncertain;
      return this.row.error?.text || (this.row.status === "failed" ? this.strings.failed : null);
    },
  },
  watch: {
    row() {
      this.asked = false;
    },
  },
  methods: {
    icon(name) {
      return `${this.sprite}#${name}`;
    },
    ask() {
      this.asked = true;
      this.$emit("ask", this.row);
    },
  },
};

export default {
  components: { Message },
  mixins: [painting],
  template: `
    <div class="log-wrap">
      <div ref="log" class="log" role="log" aria-live="polite" aria-relevant="additions" tabindex="0" data-testid="thread-log"
        :aria-label="label" :aria-busy="String(!loaded || quiet)" @scroll.passive="onScroll">
        <div v-if="!loaded" class="log-skeleton appear-late" aria-hidden="true">
          <i v-for="w in [46, 58, 34, 52, 40]" :key="w" class="skeleton" :style="{ width: w + '%', alignSelf: w > 50 ? 'flex-end' : 'flex-start' }"></i>
        </div>
        <div v-else ref="inner" class="log-inner">
          <div v-if="hasOlder" class="log-older"><i v-show="loadingOlder" class="spinner" role="img" :aria-label="strings.loading_older"></i></div>
          <p v-if="!items.length" class="muted ta-center" data-testid="thread-empty">{{ strings.empty }}</p>
          <div v-for="day in days" :key="day.key" class="day">
            <div class="day-pill">{{ day.label }}</div>
            <template v-for="item in day.items" :key="item.key">
              <div v-if="item.row.id === unreadFrom" class="unread-line" data-testid="unread-line">{{ plural('new_messages', unreadCount) }}</div>
              <message :row="item.row" :first="item.first" :time="item.time" :full-time="item.full" :strings="strings" :sprite="sprite" :contact-name="contactName" @ask="onAsk"></message>
            </template>
          </div>
        </div>
      </div>
      <button v-if="loaded && pending" class="log-pill" type="button" data-testid="new-messages-pill" @click="toEnd(true)"><svg class="i" aria-hidden="true"><use :href="sprite + '#arrow-down'"></use></svg>{{ plural('new_pill', pending) }}</button>
      <button v-else-if="loaded && far" class="icon-btn log-jump" type="button" :aria-label="strings.to_end" :title="strings.to_end" @click="toEnd(true)"><svg class="i" aria-hidden="true"><use :href="sprite + '#arrow-down'"></use></svg></button>
    </div>
  `,
  props: { strings: Object, locale: String, timezone: String, conversationId: String, contactName: String, sprite: { type: String, default: "/static/icons.svg" } },
  emits: ["older", "seen", "retry", "resend", "stop"],
  data() {
    return { rows: [], loaded: false, quiet: false, hasOlder: false, loadingOlder: false, unreadFrom: null, unreadCount: 0, pending: 0, far: false, today: Date.now() };
  },
  computed: {
    label() {
      return this.strings.log_label.replace("{name}", this.contactName || "");
    },
    formats() {
      return this.formatters({
        weekday: { weekday: "long" },
        date: { weekday: "short", day: "numeric", month: "long" },
        dated: { day: "numeric", month: "long", year: "numeric" },
      });
    },
    items() {
      let before = null;
      return this.rows.map((row) => {
        const stamp = this.stamp(row.at);
        const first = !before || before.direction !== row.direction || before.author !== row.author || row.id === this.unreadFrom || this.stamp(before.at).day !== stamp.day;
        before = row;
        return { row, first, key: row.client_ref || row.id, time: stamp.time, full: stamp.full, day: stamp.day };
      });
    },
    days() {
      const days = [];
      for (const item of this.items) {
        const last = days[days.length - 1];
        if (last?.key === item.day) last.items.push(item);
        else days.push({ key: item.day, label: this.dayLabel(item.day, item.row.at), items: [item] });
      }
      return days;
    },
  },
  watch: {
    conversationId(id) {
      if (this.filledFor !== id) this.reset();
    },
    loaded() {
      this.$nextTick(this.watchSize);
    },
  },
  created() {
    this.stamps = new Map();
    this.atEnd = true;
    this.lastSeen = null;
    this.filledFor = null;
    this.onSending = ({ detail }) => this.addOptimistic(detail);
    this.onVisible = () => this.checkSeen();
    window.addEventListener("shell:sending", this.onSending);
    document.addEventListener("visibilitychange", this.onVisible);
    this.minute = setInterval(() => (this.today = Date.now()), 60e3);
  },
  mounted() {
    this.sizes = new ResizeObserver(() => {
      if (this.atEnd) this.stick();
      this.checkSeen();
    });
    this.watchSize();
  },
  beforeUnmount() {
    window.removeEventListener("shell:sending", this.onSending);
    document.removeEventListener("visibilitychange", this.onVisible);
    clearInterval(this.minute);
    clearTimeout(this.seenTimer);
    clearTimeout(this.olderTimer);
    this.sizes?.disconnect();
  },
  methods: {
    // When Python changes `conversationId` and fills the thread in one go, NiceGUI may deliver the property last:
    // with `conversation_id` in the call the late change does not empty what has just been filled.
    async set_all({ rows, has_older, unread_count = 0, conversation_id = this.conversationId }) {
      await this.$nextTick();
      if (this.filledFor !== conversation_id) this.reset();
      this.filledFor = conversation_id;
      const refs = new Set(rows.map((row) => row.client_ref));
      const waiting = this.rows.filter((row) => row.optimistic && !refs.has(row.client_ref));
      this.reset();
      this.rows = this.sorted([...rows.map(Object.freeze), ...waiting]);
      this.hasOlder = has_older;
      const inbound = this.rows.filter((row) => row.direction === "inbound");
      this.unreadCount = unread_count;
      this.unreadFrom = unread_count > 0 && inbound.length ? inbound[Math.max(0, inbound.length - unread_count)].id : null;
      this.loaded = true;
      await this.$nextTick();
      this.openAt();
      this.checkOlder();
      this.checkSeen();
      requestAnimationFrame(() => (this.quiet = false));
    },
    async upsert(rows) {
      await this.$nextTick();
      const own = this.merge(rows);
      await this.$nextTick();
      if (this.atEnd) this.stick();
      else this.pending += own.inboundAdded;
      this.checkSeen();
    },
    async prepend({ rows, has_older }) {
      await this.$nextTick();
      const log = this.$refs.log;
      this.quiet = true;
      this.merge(rows);
      this.hasOlder = has_older;
      const before = log.scrollHeight - log.scrollTop;
      await this.$nextTick();
      log.scrollTop = log.scrollHeight - before;
      this.loadingOlder = false;
      clearTimeout(this.olderTimer);
      requestAnimationFrame(() => {
        this.quiet = false;
        this.checkOlder();
      });
    },
    async reject({ client_ref, message }) {
      await this.$nextTick();
      this.rows = this.sorted(this.rows.map((row) => (row.client_ref === client_ref && row.optimistic ? Object.freeze({ ...row, status: "failed", error: { text: message, action: null } }) : row)));
      await this.$nextTick();
      if (this.atEnd) this.stick();
    },

    reset() {
      this.rows = [];
      this.loaded = false;
      this.quiet = true;
      this.hasOlder = false;
      this.loadingOlder = false;
      this.unreadFrom = null;
      this.unreadCount = 0;
      this.pending = 0;
      this.far = false;
      this.atEnd = true;
      this.lastSeen = null;
      clearTimeout(this.seenTimer);
      this.seenTimer = null;
    },
    // Replaces by id, or by client_ref while the bubble is still ours alone; older versions of a row are ignored.
    merge(rows) {
      const byId = new Map(this.rows.map((row) => [row.id, row]));
      const byRef = new Map(this.rows.filter((row) => row.optimistic).map((row) => [row.client_ref, row]));
      let inboundAdded = 0;
      for (const row of rows) {
        const old = byId.get(row.id);
        if (old && row.seq < old.seq) continue;
        const mine = row.client_ref && byRef.get(row.client_ref);
        if (mine) byId.delete(mine.id);
        if (!old && row.direction === "inbound") inboundAdded += 1;
        byId.set(row.id, Object.freeze({ ...row, client_ref: row.client_ref || old?.client_ref || null }));
      }
      this.rows = this.sorted([...byId.values()]);
      return { inboundAdded };
    },
    sorted(rows) {
      const waiting = (row) => (row.optimistic && row.status !== "failed" ? 1 : 0);
      const at = new Map(rows.map((row) => [row, Date.parse(row.at)]));
      return rows.sort((a, b) => waiting(a) - waiting(b) || at.get(a) - at.get(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    },
    addOptimistic({ conversation_id, client_ref, text }) {
      if (conversation_id !== this.filledFor || !this.loaded) return;
      if (this.rows.some((row) => row.client_ref === client_ref)) return;
      const row = { id: client_ref, client_ref, optimistic: true, direction: "outbound", type: "text", status: "queued", at: new Date().toISOString(), text, author: null, error: null, seq: 0 };
      this.rows = this.sorted([...this.rows, Object.freeze(row)]);
      this.$nextTick(() => this.toEnd(false));
    },

    // First unread with two messages of context, otherwise the end.
    openAt() {
      const log = this.$refs.log;
      const line = this.unreadFrom && log.querySelector(".unread-line");
      log.scrollTop = log.scrollHeight;
      if (line) {
        const all = [...log.querySelectorAll(".msg")];
        const index = all.indexOf(line.nextElementSibling);
        const top = all[Math.max(0, index - 2)].offsetTop - 56;
        if (top < log.scrollTop) log.scrollTop = Math.max(0, top);
      }
      this.measure();
    },
    toEnd(smooth) {
      const log = this.$refs.log;
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.pending = 0;
      this.atEnd = true;
      log.scrollTo({ top: log.scrollHeight, behavior: smooth && !still ? "smooth" : "instant" });
    },
    stick() {
      const log = this.$refs.log;
      if (log) log.scrollTop = log.scrollHeight;
    },
    measure() {
      const log = this.$refs.log;
      const rest = log.scrollHeight - log.scrollTop - log.clientHeight;
      this.atEnd = rest <= NEAR_END;
      this.far = rest > 400;
      if (this.atEnd) this.pending = 0;
    },
    onScroll() {
      if (!this.loaded) return;
      this.measure();
      this.checkOlder();
      this.checkSeen();
    },
    watchSize() {
      this.sizes?.disconnect();
      for (const name of ["log", "inner"]) if (this.$refs[name]) this.sizes?.observe(this.$refs[name]);
    },
    checkOlder() {
      const log = this.$refs.log;
      const first = this.rows.find((row) => !row.optimistic);
      if (!first || !this.hasOlder || this.loadingOlder || !log?.clientHeight || log.scrollTop >= 200) return;
      this.loadingOlder = true;
      this.$emit("older", { before: first.cursor });
      this.olderTimer = setTimeout(() => (this.loadingOlder = false), 10e3);
    },
    // Seen = on screen to the end, in a visible tab, for a second, with something the customer wrote since last time.
    checkSeen() {
      const there = this.loaded && this.atEnd && document.visibilityState === "visible" && this.$refs.log?.clientHeight > 0;
      const newest = this.newestInbound();
      if (!there || !newest || newest === this.lastSeen) {
        clearTimeout(this.seenTimer);
        this.seenTimer = null;
        return;
      }
      this.seenTimer ||= setTimeout(() => {
        this.seenTimer = null;
        this.lastSeen = this.newestInbound();
        const shown = this.rows.filter((row) => !row.optimistic);
        this.$emit("seen", { last: shown[shown.length - 1].id });
      }, 1000);
    },
    newestInbound() {
      for (let i = this.rows.length - 1; i >= 0; i -= 1) if (this.rows[i].direction === "inbound") return this.rows[i].id;
      return null;
    },
    onAsk(row) {
      this.$emit(row.error.action, { id: row.id });
    },

    stamp(at) {
      let stamp = this.stamps.get(at);
      if (!stamp) {
        const then = Date.parse(at);
        stamp = { day: this.formats.key.format(then), time: this.formats.time.format(then), full: this.formats.full.format(then) };
        this.stamps.set(at, stamp);
      }
      return stamp;
    },
    dayLabel(day, at) {
      const days = Math.round((Date.parse(this.formats.key.format(this.today)) - Date.parse(day)) / 864e5);
      if (days <= 0) return this.strings.today;
      if (days === 1) return this.strings.yesterday;
      if (days < 7) return this.formats.weekday.format(Date.parse(at));
      return (days < 300 ? this.formats.date : this.formats.dated).format(Date.parse(at));
    },
  },
};
