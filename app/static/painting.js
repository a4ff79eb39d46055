// What the components of the inbox paint alike: icons, plurals, times in the reader's zone, the ticks of a message.
export const TICKS = {
  queued: "clock",
  sending: "clock",
  uncertain: "clock-question",
  sent: "check",
  delivered: "check-check",
  read: "check-check",
  played: "check-check",
  failed: "circle-alert",
};

// A Vue mixin for components with the properties `strings`, `locale`, `timezone` and `sprite`.
export const painting = {
  computed: {
    zone() {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: this.timezone || undefined }).resolvedOptions().timeZone;
      } catch {
        return undefined; // an unknown zone must not blank the whole list: the browser's own is used
      }
    },
    plurals() {
      return new Intl.PluralRules(window.shell.locale(this.locale));
    },
  },
  methods: {
    icon(name) {
      return `${this.sprite}#${name}`;
    },
    plural(key, count) {
      const text = this.strings[`${key}_${this.plurals.select(count)}`] ?? this.strings[`${key}_other`];
      return text.replace("{n}", count);
    },
    // Those that every list needs, and the given ones; `key` names a calendar day.
    formatters(others) {
      const make = (options) => new Intl.DateTimeFormat(window.shell.locale(this.locale), { timeZone: this.zone, ...options });
      const own = {
        time: { hour: "numeric", minute: "2-digit", hourCycle: window.shell.hourCycle },
        full: { dateStyle: "full", timeStyle: "short" },
      };
      const made = Object.entries({ ...own, ...others }).map(([name, options]) => [name, make(options)]);
      const key = new Intl.DateTimeFormat("en-CA", { timeZone: this.zone, year: "numeric", month: "2-digit", day: "2-digit" });
      return { ...Object.fromEntries(made), key };
    },
  },
};
