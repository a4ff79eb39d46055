// One moment, in the words and the zone of the reader; it stays right over midnight.
import { reader } from "parley/reader.js";

export default {
  mixins: [reader],
  template: `<time :datetime="at" :title="fullTime(at)">{{ shortTime(at, now) }}</time>`,
  props: { at: String },
  data() {
    return { now: Date.now() };
  },
  created() {
    this.minute = setInterval(() => (this.now = Date.now()), 60e3);
  },
  beforeUnmount() {
    clearInterval(this.minute);
  },
};
