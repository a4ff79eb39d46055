// Files that somebody wants to send: brought to the server at once, with their progress, and each with its own words.
// The server looks at every file; what is said here before is only the kinder way to the same answer.
import { reader } from "parley/reader.js";
import { LARGEST, bring } from "parley/upload.js";

const MOST = 10;
const CAPTIONED = ["image", "video", "document"];

export const Attachments = {
  mixins: [reader],
  template: `
    <ul v-if="items.length" class="tray" :aria-label="strings.tray" data-testid="tray">
      <li v-for="(item, n) in items" :key="item.key" class="tray-item" :class="{ 'is-refused': item.error }" :data-testid="'tray-' + (n + 1)" :data-state="item.state">
        <img v-if="item.preview" class="tray-picture" :src="item.preview" alt="">
        <span v-else class="tray-picture"><svg class="i" aria-hidden="true"><use :href="icon('file-text')"></use></svg></span>
        <div class="tray-words">
          <span class="tray-name"><bdi>{{ item.name }}</bdi><span class="muted">{{ size(item) }}</span></span>
          <span v-if="item.error" class="tray-error" role="alert">{{ item.error }}</span>
          <input v-else-if="captioned(item)" v-model="item.caption" class="tray-caption" maxlength="1024" dir="auto" :placeholder="strings.caption" :aria-label="strings.caption_of.replace('{name}', item.name)" :data-testid="'tray-caption-' + (n + 1)" @keydown.enter.prevent="$emit('enter')">
          <progress v-if="item.state === 'coming'" :value="item.progress" max="1" :aria-label="strings.uploading.replace('{name}', item.name)"></progress>
        </div>
        <button type="button" class="icon-btn" :aria-label="strings.remove.replace('{name}', item.name)" :title="strings.remove.replace('{name}', item.name)" :data-testid="'tray-remove-' + (n + 1)" @click="remove(item)"><svg class="i" aria-hidden="true"><use :href="icon('x')"></use></svg></button>
      </li>
      <li v-if="excess" class="tray-error" role="alert">{{ strings.too_many }}</li>
    </ul>
  `,
  emits: ["change", "enter"],
  data() {
    return { items: [], excess: false };
  },
  created() {
    this.count = 0;
    this.requests = new Map();
  },
  beforeUnmount() {
    for (const item of this.items) this.forget(item);
  },
  methods: {
    // What was just recorded is a `voice` message.
    add(files, { voice = false } = {}) {
      const room = Math.max(0, MOST - this.items.length);
      for (const file of [...files].slice(0, room)) this.takeIn(file, voice);
      this.excess = files.length > room;
      this.$emit("change", this.items.length);
    },
    takeIn(file, voice) {
      this.count += 1;
      const isShown = /^image\/(png|jpeg|webp|gif)$/.test(file.type);
      this.items.push({ key: this.count, name: voice ? this.strings.voice_message : file.name || this.strings.pasted, bytes: file.size, preview: isShown ? URL.createObjectURL(file) : null, caption: "", progress: 0, state: "coming", error: null, id: null, kind: null });
      const item = this.items[this.items.length - 1];
      if (!file.size) this.refuse(item, this.strings.empty_file);
      else if (file.size > LARGEST) this.refuse(item, this.strings.too_large);
      else this.upload(item, file, voice);
    },
    upload(item, file, voice) {
      const coming = bring(file, item.name, { voice, failed: this.strings.upload_failed, onProgress: (part) => (item.progress = part) });
      this.requests.set(item.key, { abort: coming.abort, done: coming.done.then((answer) => this.onAnswer(item, answer)) });
    },
    onAnswer(item, { media, error }) {
      if (error) return this.refuse(item, error);
      if (!media) return; // it was taken away meanwhile
      item.id = media.id;
      item.kind = media.type;
      item.state = "ready";
    },
    refuse(item, words) {
      item.state = "refused";
      item.error = words;
    },
    remove(item) {
      this.forget(item);
      this.items = this.items.filter((one) => one.key !== item.key);
      this.excess = false;
      this.$emit("change", this.items.length);
    },
    forget(item) {
      this.requests.get(item.key)?.abort();
      this.requests.delete(item.key);
      if (item.preview) URL.revokeObjectURL(item.preview);
    },
    // Waits until all are there; null if one was refused, and nothing is sent then.
    async take() {
      await Promise.all([...this.requests.values()].map(({ done }) => done));
      if (this.items.some((item) => item.state !== "ready")) return null;
      const ready = this.items.map(({ id, kind, caption, name, bytes }) => ({ id, kind, caption: CAPTIONED.includes(kind) ? caption.trim() : "", name, bytes }));
      for (const item of this.items) this.forget(item);
      this.items = [];
      this.$emit("change", 0);
      return ready;
    },
    // Files that were taken and not sent; the server has them.
    putBack(files) {
      const back = files.map(({ id, kind, caption, name, bytes }) => ({ key: (this.count += 1), id, kind, caption, name, bytes, preview: null, progress: 1, state: "ready", error: null }));
      this.items = [...back, ...this.items];
      this.$emit("change", this.items.length);
    },
    captioned(item) {
      return item.kind === null || CAPTIONED.includes(item.kind);
    },
    size({ bytes }) {
      const kilobytes = bytes / 1024;
      return kilobytes < 1000 ? `${Math.max(1, Math.round(kilobytes))} KB` : `${(kilobytes / 1024).toFixed(1)} MB`;
    },
  },
};
