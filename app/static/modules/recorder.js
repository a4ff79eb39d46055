// A voice message while it is spoken: what was said so far, a way out, and the way to the customer.
import { reader } from "parley/reader.js";

const LONGEST_S = 15 * 60; // the server keeps no more
const KINDS = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"];

export const canRecord = Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export const Recorder = {
  mixins: [reader],
  template: `
    <div class="recorder" role="group" :aria-label="strings.recording" data-testid="recorder" @keydown.esc="$emit('cancel')">
      <button ref="out" type="button" class="icon-btn" :aria-label="strings.discard" :title="strings.discard" data-testid="recorder-cancel" @click="$emit('cancel')"><svg class="i" aria-hidden="true"><use :href="icon('trash-2')"></use></svg></button>
      <p v-if="denied" class="recorder-words" role="alert">{{ strings.no_microphone }}</p>
      <p v-else class="recorder-words"><span class="recorder-dot" :class="{ 'is-on': running }" aria-hidden="true"></span><span role="timer" data-testid="recorder-time">{{ clock }}</span><span class="muted not-phone">{{ running ? strings.recording : strings.microphone_asked }}</span></p>
      <button type="button" class="composer-send" :class="{ 'is-over': !running }" :aria-disabled="running ? null : 'true'" :aria-label="strings.send_voice" :title="strings.send_voice" data-testid="recorder-send" @click="finish"><svg class="i" aria-hidden="true"><use :href="icon('send')"></use></svg></button>
    </div>
  `,
  emits: ["cancel", "done"],
  data() {
    return { seconds: 0, running: false, denied: false };
  },
  computed: {
    clock() {
      return `${Math.floor(this.seconds / 60)}:${String(this.seconds % 60).padStart(2, "0")}`;
    },
  },
  async mounted() {
    this.$refs.out.focus();
    this.isWanted = true;
    this.parts = [];
    const sound = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    this.sound = sound;
    if (!sound) return (this.denied = true);
    if (!this.isWanted) return this.letGo(); // it was given up while the browser asked
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(sound, mimeType ? { mimeType } : {});
    this.recorder.ondataavailable = ({ data }) => data.size && this.parts.push(data);
    this.recorder.onstop = () => this.hand();
    this.recorder.start(1000);
    this.running = true;
    this.clockwork = setInterval(() => this.tick(), 1000);
  },
  beforeUnmount() {
    this.isWanted = false;
    clearInterval(this.clockwork);
    if (this.recorder?.state === "recording") this.recorder.stop();
    this.letGo();
  },
  methods: {
    tick() {
      this.seconds += 1;
      if (this.seconds < LONGEST_S) return;
      clearInterval(this.clockwork);
      this.recorder.pause();
    },
    finish() {
      if (this.running) this.recorder.stop(); // its last part comes before it has stopped
    },
    hand() {
      if (!this.isWanted) return;
      const type = this.recorder.mimeType.split(";")[0];
      this.$emit("done", new File(this.parts, "voice", { type }));
    },
    letGo() {
      for (const track of this.sound?.getTracks() ?? []) track.stop(); // or the browser goes on showing its red dot
    },
  },
};
