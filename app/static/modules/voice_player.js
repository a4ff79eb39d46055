// A voice note: play, a waveform that is also the place to jump to, and the time. The waveform is drawn from the sound
// itself as soon as the player is on the screen; a browser that cannot decode it shows a plain line.
import { reader } from "parley/reader.js";

const BARS = 42;
const MOST_BYTES = 4e6; // more than that is only decoded by playing it
const peaks = new Map(); // by address without its key: the same note is drawn once a visit

export const VoicePlayer = {
  mixins: [reader],
  template: `
    <div class="voice">
      <button type="button" class="voice-play" :aria-label="playing ? strings.pause : strings.play" :title="playing ? strings.pause : strings.play" @click="toggle">
        <svg class="i" aria-hidden="true"><use :href="icon(playing ? 'pause' : 'play')"></use></svg>
      </button>
      <div class="voice-body">
        <svg class="voice-wave" viewBox="0 0 168 28" preserveAspectRatio="none" aria-hidden="true">
          <rect v-for="(bar, n) in bars" :key="n" :x="n * 4" :y="14 - bar * 13" width="2.4" :height="bar * 26" rx="1.2" :class="{ 'is-played': n < played }"></rect>
        </svg>
        <input type="range" class="voice-seek" min="0" :max="duration || 0" step="0.1" :value="at" :aria-label="strings.position" :aria-valuetext="clock" @input="seek">
        <span class="voice-time"><svg v-if="isVoice" class="i" aria-hidden="true"><use :href="icon('mic')"></use></svg><bdi v-else class="voice-name">{{ name }}</bdi>{{ clock }}</span>
      </div>
      <audio ref="audio" preload="none" :src="src" @loadedmetadata="onMeta" @timeupdate="onTime" @play="playing = true" @pause="playing = false" @ended="onEnded" @error="$emit('failed')"></audio>
    </div>
  `,
  props: { src: String, name: String, isVoice: Boolean },
  emits: ["failed"],
  data() {
    return { bars: Array(BARS).fill(0.08), playing: false, at: 0, duration: 0 };
  },
  computed: {
    played() {
      return this.duration ? Math.round((this.at / this.duration) * BARS) : 0;
    },
    clock() {
      const seconds = Math.floor(this.playing || this.at ? this.at : this.duration);
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    },
  },
  mounted() {
    this.watcher = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting) return;
      this.watcher.disconnect();
      this.draw();
    });
    this.watcher.observe(this.$el);
  },
  beforeUnmount() {
    this.watcher.disconnect();
    this.$refs.audio.pause();
  },
  methods: {
    toggle() {
      const audio = this.$refs.audio;
      if (this.playing) return audio.pause();
      for (const other of document.querySelectorAll(".voice audio")) if (other !== audio) other.pause();
      audio.play().catch(() => this.$emit("failed"));
    },
    seek(event) {
      this.at = Number(event.target.value);
      this.$refs.audio.currentTime = this.at;
    },
    onMeta() {
      if (Number.isFinite(this.$refs.audio.duration)) this.duration = this.$refs.audio.duration;
    },
    onTime() {
      this.at = this.$refs.audio.currentTime;
    },
    onEnded() {
      this.at = 0;
    },
    async draw() {
      const key = this.src.split("?")[0];
      try {
        if (!peaks.has(key)) peaks.set(key, await measure(this.src));
        const found = peaks.get(key);
        if (!found) return;
        this.bars = found.bars;
        this.duration ||= found.duration;
      } catch {
        peaks.set(key, null); // the player works without
      }
    },
  },
};

async function measure(address) {
  const answer = await fetch(address);
  if (!answer.ok || Number(answer.headers.get("content-length")) > MOST_BYTES) return null;
  const context = new OfflineAudioContext(1, 1, 22050);
  const sound = await context.decodeAudioData(await answer.arrayBuffer());
  const samples = sound.getChannelData(0);
  const step = Math.max(1, Math.floor(samples.length / BARS));
  const loud = [];
  for (let n = 0; n < BARS; n += 1) {
    let sum = 0;
    const from = n * step;
    for (let i = from; i < from + step && i < samples.length; i += 8) sum += samples[i] * samples[i];
    loud.push(Math.sqrt(sum / Math.max(1, step / 8)));
  }
  const top = Math.max(...loud, 1e-6);
  return { bars: loud.map((value) => Math.max(0.08, value / top)), duration: sound.duration };
}
