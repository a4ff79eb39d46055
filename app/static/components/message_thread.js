// The messages of one conversation. Python owns the data; this file paints it, keeps the scroll position and says what was seen.
// Rows are kept by id and ordered by (at, id). A bubble that the person has just sent stands last until the server's row
// with the same client_ref replaces it.
import { Bubble } from "parley/bubble.js";
import { reader } from "parley/reader.js";

const NEAR_END = 60;
const RELINK_MS = 8 * 60e3;

export default {
  mixins: [reader],
  components: { Bubble },
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
              <p v-if="item.row.notice" class="thread-notice" :data-testid="'message-' + item.row.id" :data-direction="item.row.direction"><span>{{ item.row.notice }} <time :datetime="item.row.at" :title="item.full">{{ item.time }}</time></span></p>
              <bubble v-else :row="item.row" :first="item.first" :time="item.time" :full-time="item.full" :strings="strings" :sprite="sprite" :contact-name="contactName" @ask="onAsk" @enlarge="enlarge" @relink="relink" @refetch="$emit('refetch', { id: $event.id })" @jump="jump" :emojis="emojis" @react="$emit('react', $event)" @answer="answer"></bubble>
            </template>
          </div>
        </div>
      </div>
      <dialog ref="lightbox" class="lightbox" :aria-label="large?.alt" data-testid="lightbox" @click="closeLarge" @close="large = null">
        <img v-if="large" :src="large.url" :alt="large.alt">
        <button type="button" class="icon-btn" :aria-label="strings.close" :title="strings.close" data-testid="lightbox-close" @click="closeLarge"><svg class="i" aria-hidden="true"><use :href="icon('x')"></use></svg></button>
        <a v-if="large" class="icon-btn" :href="large.url" :download="large.name" :aria-label="strings.download.replace('{name}', large.name)" :title="strings.download.replace('{name}', large.name)" @click.stop><svg class="i" aria-hidden="true"><use :href="icon('download')"></use></svg></a>
      </dialog>
      <button v-if="loaded && pending" class="log-pill" type="button" data-testid="new-messages-pill" @click="toEnd(true)"><svg class="i" aria-hidden="true"><use :href="icon('arrow-down')"></use></svg>{{ plural('new_pill', pending) }}</button>
      <button v-else-if="loaded && far" class="icon-btn log-jump" type="button" :aria-label="strings.to_end" :title="strings.to_end" @click="toEnd(true)"><svg class="i" aria-hidden="true"><use :href="icon('arrow-down')"></use></svg></button>
    </div>
  `,
  props: { conversationId: String, contactName: String, emojis: Array },
  emits: ["older", "react", "seen", "retry", "resend", "stop", "relink", "refetch"],
  data() {
    return { rows: [], loaded: false, quiet: true, hasOlder: false, loadingOlder: false, unreadFrom: null, unreadCount: 0, pending: 0, far: false, large: null, today: Date.now() };
  },
  computed: {
    label() {
      return this.strings.log_label.replace("{name}", this.contactName || "");
    },
    formats() {
      return {
        ...this.dates,
        weekday: this.dateFormat({ weekday: "long" }),
        date: this.dateFormat({ weekday: "short", day: "numeric", month: "long" }),
      };
    },
    // Rows as they are after what was done to them: reactions, changes and deletions are seen on the message that they
    // are about, where that is loaded (it is older, so it may come later), and else as messages of their own.
    shown() {
      const rows = new Map(this.rows.map((row) => [row.id, row]));
      const done = new Map();
      const isApplied = ({ amends, status }) => amends && rows.has(amends.target) && status !== "failed";
      for (const row of this.rows) {
        if (!isApplied(row)) continue;
        const { kind, target, text, emoji } = row.amends;
        const was = done.get(target) || { reactions: new Map() };
        if (kind === "reaction") was.reactions.set(row.direction, { direction: row.direction, author: row.author, emoji });
        else if (kind === "edit") was.text = text ?? was.text;
        else was.gone = true;
        done.set(target, was);
      }
      const amended = (row) => {
        const what = done.get(row.id);
        const quote = row.quote && done.get(row.quote.id)?.gone ? { ...row.quote, gone: true } : row.quote;
        if (!what) return quote === row.quote ? row : { ...row, quote };
        const reactions = [...what.reactions.values()].filter((one) => one.emoji);
        if (what.gone) return { ...row, quote, gone: true, reactions: [], text: "", file: null, cards: [], heading: "", footer: "", label: "", buttons: [] };
        return what.text === undefined ? { ...row, quote, reactions } : { ...row, quote, reactions, text: what.text, is_sentence: false, edited: row.text || " " };
      };
      return this.rows.filter((row) => !isApplied(row)).map(amended);
    },
    items() {
      let before = null;
      return this.shown.map((row) => {
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
        else days.push({ key: item.day, label: this.dayLabel(item.row.at), items: [item] });
      }
      return days;
    },
  },
  watch: {
    loaded() {
      this.$nextTick(this.watchSize);
    },
  },
  created() {
    this.stamps = new Map();
    this.atEnd = true;
    this.lastSeen = null;
    this.unreadAbove = 0; // how many unread messages are older than what is loaded
    this.wanted = null; // the message that somebody wants to see, while it is loaded
    this.placed = null; // where we put the view; until somebody scrolls, it follows the unread line
    this.onSending = ({ detail }) => this.addOptimistic(detail);
    this.onVisible = () => this.checkSeen();
    window.addEventListener("shell:sending", this.onSending);
    document.addEventListener("visibilitychange", this.onVisible);
    this.minute = setInterval(() => (this.today = Date.now()), 60e3);
    this.links = setInterval(() => this.relink(), RELINK_MS);
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
    clearInterval(this.links);
    clearTimeout(this.seenTimer);
    clearTimeout(this.olderTimer);
    clearTimeout(this.relinkTimer);
    this.sizes?.disconnect();
  },
  methods: {
    async set_all({ rows, has_older, unread_count }) {
      this.rows = this.sorted(rows.map(Object.freeze));
      this.hasOlder = has_older;
      this.unreadCount = unread_count;
      this.unreadAbove = unread_count;
      this.placeUnreadLine(rows);
      this.loadingOlder = false; // what was asked of the window before does not come any more
      clearTimeout(this.olderTimer);
      this.loaded = true;
      await this.$nextTick();
      this.openAt();
      window.dispatchEvent(new CustomEvent("shell:loaded", { detail: { conversation_id: this.conversationId, refs: rows.map((row) => row.client_ref) } }));
      this.checkOlder();
      this.checkSeen();
      requestAnimationFrame(() => (this.quiet = false));
    },
    async upsert(rows) {
      const inboundAdded = this.merge(rows);
      await this.$nextTick();
      if (this.atEnd) this.stick();
      else this.pending += inboundAdded;
      this.checkSeen();
    },
    async prepend({ rows, has_older }) {
      const log = this.$refs.log;
      this.quiet = true;
      this.merge(rows);
      this.placeUnreadLine(rows);
      this.hasOlder = has_older;
      const before = log.scrollHeight - log.scrollTop;
      const isPlaced = this.isPlaced();
      await this.$nextTick();
      if (isPlaced && this.unreadFrom) this.openAt();
      else log.scrollTop = log.scrollHeight - before;
      this.loadingOlder = false;
      clearTimeout(this.olderTimer);
      requestAnimationFrame(() => {
        this.quiet = false;
        if (this.wanted) this.jump(this.wanted);
        this.checkOlder();
      });
    },
    async reject({ client_ref, message }) {
      this.rows = this.sorted(this.rows.map((row) => (row.client_ref === client_ref && row.optimistic ? Object.freeze({ ...row, status: "failed", error: { text: message, action: null } }) : row)));
      await this.$nextTick();
      if (this.atEnd) this.stick();
    },

    // The line stands above the oldest unread message; where that one is not loaded yet, above all that is.
    placeUnreadLine(rows) {
      const inbound = rows.filter((row) => row.direction === "inbound" && row.counts);
      if (!this.unreadAbove || !inbound.length) return;
      this.unreadFrom = inbound[Math.max(0, inbound.length - this.unreadAbove)].id;
      this.unreadAbove = Math.max(0, this.unreadAbove - inbound.length);
    },
    // Until the thread is left the line stays; but who answers has read what stands above.
    removeUnreadLine() {
      this.unreadFrom = null;
      this.unreadAbove = 0;
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
      return inboundAdded;
    },
    sorted(rows) {
      const waiting = (row) => (row.optimistic && row.status !== "failed" ? 1 : 0);
      const at = new Map(rows.map((row) => [row, Date.parse(row.at)]));
      return rows.sort((a, b) => waiting(a) - waiting(b) || at.get(a) - at.get(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
    },
    addOptimistic({ conversation_id, client_ref, text, quote }) {
      if (conversation_id !== this.conversationId || !this.loaded) return;
      if (this.rows.some((row) => row.client_ref === client_ref)) return;
      const row = { id: client_ref, client_ref, optimistic: true, direction: "outbound", type: "text", status: "queued", at: new Date().toISOString(), text, quote, author: null, error: null, seq: 0 };
      this.removeUnreadLine();
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
        const top = Math.min(all[Math.max(0, index - 2)].offsetTop, line.offsetTop) - 56;
        if (top < log.scrollTop) log.scrollTop = Math.max(0, top);
      }
      this.placed = log.scrollTop;
      this.measure();
    },
    isPlaced() {
      return this.placed !== null && Math.abs(this.$refs.log.scrollTop - this.placed) < 2;
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
      if (!this.isPlaced()) this.placed = null;
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
      if (this.isPlaced() && !this.unreadAbove && log.scrollTop > 0) return;
      this.loadingOlder = true;
      this.$emit("older", { before: first.cursor, unread: this.unreadAbove });
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
        this.$emit("seen", { last: Math.max(...this.rows.map((row) => row.seq)) });
      }, 1000);
    },
    newestInbound() {
      for (let i = this.rows.length - 1; i >= 0; i -= 1) if (this.rows[i].direction === "inbound") return this.rows[i].id;
      return null;
    },
    // The composer quotes it from here on.
    answer(row) {
      const who = row.direction === "outbound" ? row.author || this.strings.us : this.contactName || this.strings.them;
      const text = row.text || row.cards?.[0]?.title || row.file?.name || "";
      const quote = { id: row.id, direction: row.direction, author: row.author, text, icon: row.icon };
      window.dispatchEvent(new CustomEvent("shell:reply", { detail: { conversation_id: this.conversationId, id: row.id, who, text, row: quote } }));
    },
    // Show the message that another one answers; one that is not loaded yet is looked for above.
    async jump(id) {
      const log = this.$refs.log;
      const found = log.querySelector(`[data-testid="message-${CSS.escape(id)}"]`);
      if (!found) {
        this.wanted = this.hasOlder ? id : null;
        if (this.hasOlder) log.scrollTop = 0;
        return;
      }
      this.wanted = null;
      this.atEnd = false;
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      found.scrollIntoView({ block: "center", behavior: still ? "instant" : "smooth" });
      found.classList.remove("is-found");
      requestAnimationFrame(() => found.classList.add("is-found"));
    },
    // Links to files are good for ten minutes at least; some ask at once when one fails.
    relink() {
      if (!this.rows.some((row) => row.file)) return;
      clearTimeout(this.relinkTimer);
      this.relinkTimer = setTimeout(() => this.$emit("relink"), 100);
    },
    enlarge(file) {
      this.large = file;
      this.$refs.lightbox.showModal();
    },
    closeLarge() {
      this.$refs.lightbox.close();
    },
    onAsk(row) {
      this.$emit(row.error.action, { id: row.id });
    },

    stamp(at) {
      let stamp = this.stamps.get(at);
      if (!stamp) {
        const then = Date.parse(at);
        stamp = { day: this.formats.day.format(then), time: this.formats.time.format(then), full: this.formats.full.format(then) };
        this.stamps.set(at, stamp);
      }
      return stamp;
    },
    dayLabel(at) {
      const then = Date.parse(at);
      const days = this.daysBetween(then, this.today);
      if (days <= 0) return this.strings.today;
      if (days === 1) return this.strings.yesterday;
      if (days < 7) return this.formats.weekday.format(then);
      return (days < 300 ? this.formats.date : this.formats.dated).format(then);
    },
  },
};
