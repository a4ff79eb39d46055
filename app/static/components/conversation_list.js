// The list of conversations: search, scopes, rows. Python owns the data and calls the methods below; this file only paints.
// Rows are sorted here by (at, id), because an update may arrive before or after the page it belongs to.
// While the pointer is over the list a new order waits up to a second, so that nobody clicks the wrong row.
import { followDrafts, readDraft } from "parley/drafts.js";
import { TICKS, reader } from "parley/reader.js";

const HOUR = 3600e3;

export default {
  mixins: [reader],
  template: `
    <div class="conv" @pointerenter="over = true" @pointerleave="onLeave">
      <div class="conv-search" role="search">
        <svg class="i" aria-hidden="true"><use :href="icon('search')"></use></svg>
        <input ref="search" class="input input-well" type="search" data-testid="inbox-search" v-model="text" :placeholder="strings.search"
          :aria-label="strings.search" autocomplete="off" @input="onSearch" @keydown.escape="onEscape" @keydown.down.prevent="focusRow(0)">
        <button v-if="text" class="icon-btn" type="button" :aria-label="strings.clear_search" :title="strings.clear_search" @click="clearText">
          <svg class="i i-sm" aria-hidden="true"><use :href="icon('x')"></use></svg>
        </button>
      </div>
      <div class="conv-tabs" role="group" :aria-label="strings.scope_label">
        <button v-for="s in ['all', 'unread']" :key="s" class="conv-tab" type="button" :data-testid="'scope-' + s" :aria-pressed="String(scope === s)" @click="setScope(s)">{{ strings['scope_' + s] }}</button>
      </div>
      <div ref="scroll" class="conv-scroll" @scroll.passive="checkMore" @keydown="onKey" :aria-busy="String(!loaded)">
        <template v-if="!loaded">
          <p class="sr-only">{{ strings.loading }}</p>
          <div class="appear-late" aria-hidden="true">
            <div v-for="n in 7" :key="n" class="conv-skeleton"><i class="skeleton skeleton-dot"></i><div><i class="skeleton skeleton-line" :style="{ width: 30 + (n * 17) % 30 + '%' }"></i><i class="skeleton skeleton-line" :style="{ width: 55 + (n * 23) % 40 + '%' }"></i></div></div>
          </div>
        </template>
        <div v-else-if="!shown.length" class="empty" data-testid="inbox-empty">
          <span class="empty-icon"><svg class="i" aria-hidden="true"><use :href="icon(filtered ? 'search' : 'inbox')"></use></svg></span>
          <h2 class="empty-title">{{ emptyTitle }}</h2>
          <p class="empty-text">{{ emptyText }}</p>
          <button v-if="filtered" class="btn btn-secondary" type="button" data-testid="inbox-clear" @click="clearFilters">{{ strings.clear_filters }}</button>
        </div>
        <ul v-else :aria-label="strings.list_label">
          <li v-for="(c, index) in shown" :key="c.id" class="conv-item">
            <a class="conv-row" :class="{ 'is-unread': c.unread > 0 }" :href="c.href" :data-testid="'conversation-' + c.id" :data-unread="c.unread"
              :aria-current="c.id === selected ? 'page' : null" :tabindex="c.id === tabStop ? 0 : -1" @click="onClick($event, c)" @focus="focused = c.id">
              <span class="avatar avatar-40" :class="'hue-' + (c.hue || 0) % 7" aria-hidden="true">{{ c.initials }}</span>
              <span class="conv-body">
                <span class="conv-line">
                  <span class="conv-name" dir="auto">{{ c.name || c.phone }}</span>
                  <time v-if="c.at" class="conv-time" :datetime="c.at" :title="fullTime(c.at)">{{ shortTime(c.at, now) }}</time>
                </span>
                <span class="conv-sub">
                  <template v-if="draft(c)"><span class="conv-preview"><span class="conv-draft">{{ strings.draft }}</span> {{ draft(c) }}</span></template>
                  <template v-else>
                    <svg v-if="tick(c)" class="i tick" :class="tickClass(c)" role="img" :aria-label="strings['status_' + c.status]"><use :href="icon(tick(c))"></use></svg>
                    <svg v-if="c.preview_icon && c.status !== 'failed'" class="i" aria-hidden="true"><use :href="icon(c.preview_icon)"></use></svg>
                    <span class="conv-preview">{{ failed(c) ? strings.failed_preview : c.preview }}</span>
                  </template>
                  <span v-if="c.unread > 0" class="count"><span aria-hidden="true">{{ c.unread > 99 ? '99+' : c.unread }}</span><span class="sr-only">{{ plural('unread', c.unread) }}</span></span>
                </span>
                <span v-if="windowBadge(c)" class="conv-badges">
                  <span class="badge badge-sm" :class="windowBadge(c).tone"><svg class="i" aria-hidden="true"><use :href="icon(windowBadge(c).icon)"></use></svg>{{ windowBadge(c).text }}</span>
                </span>
              </span>
            </a>
          </li>
        </ul>
        <div v-if="loaded && hasMore && shown.length" class="conv-more"><i v-show="loadingMore" class="spinner" role="img" :aria-label="strings.loading"></i></div>
      </div>
    </div>
  `,
  props: { userId: String },
  emits: ["select", "more", "search", "scope"],
  data() {
    return { rows: {}, order: [], drafts: {}, loaded: false, hasMore: false, loadingMore: false, selected: null, focused: null, text: "", scope: "all", now: Date.now(), over: false };
  },
  computed: {
    shown() {
      return this.order.map((id) => this.rows[id]).filter(Boolean);
    },
    filtered() {
      return this.text.trim() !== "" || this.scope !== "all";
    },
    emptyTitle() {
      if (this.text.trim()) return this.strings.no_match_title;
      return this.scope === "unread" ? this.strings.no_unread_title : this.strings.empty_title;
    },
    emptyText() {
      if (this.text.trim()) return this.strings.no_match_text.replace("{query}", this.text.trim());
      return this.scope === "unread" ? this.strings.no_unread_text : this.strings.empty_text;
    },
    tabStop() {
      for (const id of [this.focused, this.selected]) if (id && this.rows[id] && this.order.includes(id)) return id;
      return this.order[0];
    },
  },
  created() {
    this.timers = {};
    this.leaveDrafts = followDrafts(this.userId, this.setDraft);
    this.timers.clock = setInterval(() => (this.now = Date.now()), 10e3);
  },
  beforeUnmount() {
    this.leaveDrafts();
    clearInterval(this.timers.clock);
    clearTimeout(this.timers.search);
    clearTimeout(this.timers.order);
    clearTimeout(this.timers.more);
  },
  methods: {
    set_all({ rows, has_more }) {
      this.rows = {};
      this.put(rows);
      this.hasMore = has_more;
      this.loaded = true;
      this.loadingMore = false;
      this.sort();
      this.$nextTick(this.checkMore);
    },
    upsert(rows) {
      this.put(rows);
      this.sortSoon();
    },
    append({ rows, has_more }) {
      this.put(rows);
      this.hasMore = has_more;
      this.loadingMore = false;
      clearTimeout(this.timers.more);
      this.sort();
      this.$nextTick(this.checkMore);
    },
    select(id) {
      this.selected = id;
      if (!id) return;
      this.focused = id;
      this.$nextTick(() => this.link(id)?.scrollIntoView({ block: "nearest" }));
    },

    put(rows) {
      const next = { ...this.rows };
      const drafts = { ...this.drafts };
      for (const row of rows) {
        const old = next[row.id];
        if (old && row.seq < old.seq) continue;
        if (!old) drafts[row.id] = readDraft(this.userId, row.id);
        next[row.id] = Object.freeze(row);
      }
      this.rows = next;
      this.drafts = drafts;
    },
    sort() {
      clearTimeout(this.timers.order);
      this.timers.order = null;
      const at = {};
      for (const row of Object.values(this.rows)) at[row.id] = Date.parse(row.at) || 0;
      this.order = Object.keys(this.rows).sort((a, b) => at[b] - at[a] || (a < b ? 1 : -1));
    },
    sortSoon() {
      if (!this.over) this.sort();
      else this.timers.order ||= setTimeout(this.sort, 1000);
    },
    onLeave() {
      this.over = false;
      if (this.timers.order) this.sort();
    },
    setDraft(id, text) {
      this.drafts = { ...this.drafts, [id]: text };
    },

    // Only a plain click is ours; with a modifier or another button the browser opens the link.
    onClick(event, row) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // NiceGUI's sub pages listen on the document and would navigate a second time
      this.selected = row.id;
      this.$emit("select", { id: row.id });
    },
    onKey(event) {
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      const step = { ArrowDown: 1, j: 1, J: 1, ArrowUp: -1, k: -1, K: -1 }[event.key];
      const here = this.order.indexOf(this.focused);
      if (step) this.focusRow(here + step);
      else if (event.key === "Home") this.focusRow(0);
      else if (event.key === "End") this.focusRow(this.order.length - 1);
      else return;
      event.preventDefault();
    },
    focusRow(index) {
      if (index < 0) return this.$refs.search.focus();
      return this.link(this.order[Math.min(index, this.order.length - 1)])?.focus();
    },
    link(id) {
      return id && this.$refs.scroll?.querySelector(`[data-testid="conversation-${CSS.escape(id)}"]`);
    },
    onSearch() {
      clearTimeout(this.timers.search);
      this.timers.search = setTimeout(() => this.$emit("search", { text: this.text.trim() }), 250);
    },
    onEscape(event) {
      if (!this.text) return;
      event.stopPropagation();
      event.preventDefault();
      this.clearText();
    },
    clearText() {
      this.text = "";
      clearTimeout(this.timers.search);
      this.$emit("search", { text: "" });
      this.$refs.search.focus();
    },
    setScope(scope) {
      if (scope === this.scope) return;
      this.scope = scope;
      this.$emit("scope", { scope });
    },
    clearFilters() {
      if (this.text) this.clearText();
      this.setScope("all");
    },
    checkMore() {
      const box = this.$refs.scroll;
      if (!box || !this.loaded || !this.hasMore || this.loadingMore || !this.order.length || !box.clientHeight) return;
      if (box.scrollHeight - box.scrollTop - box.clientHeight > 400) return;
      this.loadingMore = true;
      this.$emit("more", { before: this.rows[this.order[this.order.length - 1]].cursor });
      this.timers.more = setTimeout(() => (this.loadingMore = false), 10e3);
    },

    draft(row) {
      return this.drafts[row.id]?.trim().slice(0, 200);
    },
    failed(row) {
      return row.direction === "outbound" && row.status === "failed";
    },
    tick(row) {
      return row.direction === "outbound" ? TICKS[row.status] : null;
    },
    tickClass(row) {
      return { "tick-read": row.status === "read" || row.status === "played", "tick-failed": row.status === "failed", "tick-uncertain": row.status === "uncertain" };
    },
    windowBadge(row) {
      if (!row.window_expires_at || this.failed(row)) return null;
      const left = Date.parse(row.window_expires_at) - this.now;
      if (left <= 0) return { text: this.strings.window_closed, icon: "lock", tone: "badge-neutral" };
      if (left < HOUR) return { text: this.strings.minutes_left.replace("{m}", Math.ceil(left / 60e3)), icon: "clock", tone: "badge-danger" };
      if (left < 4 * HOUR) return { text: this.strings.hours_left.replace("{h}", Math.floor(left / HOUR)), icon: "clock", tone: "badge-warn" };
      return null;
    },
  },
};
