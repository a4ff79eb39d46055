// The file of a message: a picture, a film, a sound or a document. Links are good for some minutes: when one is over,
// or a file is not there yet, Python sends the row again.
import { reader } from "parley/reader.js";
import { VoicePlayer } from "parley/voice_player.js";

const MOST_TRIES = 2;

export const FileBubble = {
  mixins: [reader],
  components: { VoicePlayer },
  template: `
    <div class="file" :class="'file-' + shape" :data-testid="'file-' + file.id" :data-state="file.state" :data-kind="file.kind">
      <template v-if="file.state === 'stored'">
        <button v-if="shape === 'image' || shape === 'sticker'" type="button" class="file-open" :aria-label="strings.enlarge.replace('{name}', file.alt)" @click="$emit('enlarge', file)">
          <img :src="source" :alt="file.alt" :width="box.width" :height="box.height" loading="lazy" decoding="async" @error="onError">
        </button>
        <video v-else-if="shape === 'video'" controls preload="metadata" :src="source" :aria-label="file.alt" @error="onError"></video>
        <voice-player v-else-if="shape === 'audio'" :src="source" :name="file.name" :is-voice="file.is_voice" :strings="strings" :sprite="sprite" @failed="onError"></voice-player>
        <a v-else class="file-card" :href="file.url" :download="file.name" :aria-label="strings.download.replace('{name}', file.name)">
          <svg class="i" aria-hidden="true"><use :href="icon('file-text')"></use></svg>
          <span class="file-words"><bdi class="file-name">{{ file.name }}</bdi><span class="file-size">{{ file.size }}</span></span>
          <svg class="i" aria-hidden="true"><use :href="icon('download')"></use></svg>
        </a>
      </template>
      <div v-else class="file-card">
        <i v-if="file.state === 'pending'" class="spinner" aria-hidden="true"></i>
        <svg v-else class="i" aria-hidden="true"><use :href="icon('circle-alert')"></use></svg>
        <span class="file-words"><span>{{ file.note }}</span><bdi v-if="file.kind === 'document'" class="file-size">{{ file.name }}</bdi></span>
        <button v-if="file.state === 'failed'" type="button" class="btn btn-sm" :data-testid="'refetch-' + file.id" @click="$emit('refetch', file)">{{ strings.refetch }}</button>
      </div>
    </div>
  `,
  props: { file: Object },
  emits: ["enlarge", "relink", "refetch"],
  data() {
    return { source: this.address(), tries: 0, waits: false };
  },
  computed: {
    shape() {
      return ["image", "video", "audio", "sticker"].includes(this.file.kind) ? this.file.kind : "document";
    },
    // The room that the picture will take, so that nothing moves when it is there.
    box() {
      const { width, height } = this.file;
      const most = this.shape === "sticker" ? 160 : 320;
      if (!width || !height) return {};
      const scale = Math.min(1, most / width, most / height);
      return { width: Math.round(width * scale), height: Math.round(height * scale) };
    },
  },
  watch: {
    file(now, before) {
      if (!this.waits && now.state === before.state) return; // what is shown stays; only its link is newer
      this.waits = false;
      this.source = this.address();
    },
  },
  methods: {
    address() {
      return this.file.kind === "image" || this.file.kind === "sticker" ? this.file.small : this.file.url;
    },
    onError() {
      if (this.tries >= MOST_TRIES || this.waits) return;
      this.tries += 1;
      this.waits = true;
      this.$emit("relink");
    },
  },
};
