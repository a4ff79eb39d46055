// What every painted component shares as a mixin: the reader's words, dates and icons.
export const TICKS = { queued: "clock", sending: "clock", uncertain: "clock-question", sent: "check", delivered: "check-check", read: "check-check", played: "check-check", failed: "circle-alert" };
const DAY = 24 * 3600e3;

export const reader = {
  props: { strings: Object, locale: String, timezone: String, sprite: { type: String, default: "/static/icons.svg" } },
  computed: {
    zone() {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: this.timezone || undefined }).resolvedOptions().timeZone;
      } catch {
        return undefined; // an unknown zone must not blank the page: the browser's own is used
      }
    },
    dates() {
      return {
        time: this.dateFormat({ hour: "numeric", minute: "2-digit", hourCycle: window.shell.hourCycle }),
        dated: this.dateFormat({ day: "numeric", month: "long", year: "numeric" }),
        shortWeekday: this.dateFormat({ weekday: "short" }),
        shortDate: this.dateFormat({ day: "numeric", month: "short" }),
        shortDated: this.dateFormat({ day: "numeric", month: "short", year: "numeric" }),
        full: this.dateFormat({ dateStyle: "full", timeStyle: "short" }),
        day: new Intl.DateTimeFormat("en-CA", { timeZone: this.zone, year: "numeric", month: "2-digit", day: "2-digit" }),
      };
    },
    plurals() {
      return new Intl.PluralRules(window.shell.locale(this.locale));
    },
  },
  methods: {
    dateFormat(options) {
      return new Intl.DateTimeFormat(window.shell.locale(this.locale), { timeZone: this.zone, ...options });
    },
    // Whole calendar days in the reader's zone.
    daysBetween(then, now) {
      const day = (at) => Date.parse(this.dates.day.format(at));
      return Math.round((day(now) - day(then)) / DAY);
    },
    // The time of today, "Yesterday", a weekday, a date: as short as it is clear.
    shortTime(at, now) {
      const then = Date.parse(at);
      const days = this.daysBetween(then, now);
      if (days <= 0) return this.dates.time.format(then);
      if (days === 1) return this.strings.yesterday;
      if (days < 7) return this.dates.shortWeekday.format(then);
      return (days < 300 ? this.dates.shortDate : this.dates.shortDated).format(then);
    },
    fullTime(at) {
      return this.dates.full.format(Date.parse(at));
    },
    plural(key, count) {
      const text = this.strings[`${key}_${this.plurals.select(count)}`] ?? this.strings[`${key}_other`];
      return text.replace("{n}", count);
    },
    icon(name) {
      return `${this.sprite}#${name}`;
    },
  },
};
