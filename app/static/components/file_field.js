// One file of a form: chosen, brought to the server at once, and named from then on.
import { LARGEST, bring } from "parley/upload.js";
import { reader } from "parley/reader.js";

export default {
  mixins: [reader],
  template: `
    <div class="file-field">
      <input ref="picker" type="file" hidden :accept="accept" :data-testid="testid" @change="onPick">
      <button ref="button" type="button" class="btn btn-secondary" :aria-describedby="$.uid + '-said'" :data-testid="testid + '-choose'" @click="$refs.picker.click()"><svg class="i" aria-hidden="true"><use :href="icon('paperclip')"></use></svg>{{ shown ? strings.another : strings.choose }}</button>
      <progress v-if="coming" :value="progress" max="1" :aria-label="strings.uploading"></progress>
      <bdi v-if="shown" class="file-name" :data-testid="testid + '-name'">{{ shown }}</bdi>
      <span :id="$.uid + '-said'" class="error" role="alert" :data-testid="testid + '-error'">{{ said || error }}</span>
    </div>
  `,
  props: { name: String, error: String, accept: String, testid: String },
  emits: ["brought"],
  data() {
    return { shown: this.name, coming: false, progress: 0, said: "" };
  },
  beforeUnmount() {
    this.upload?.abort();
  },
  methods: {
    async onPick({ target }) {
      const [file] = target.files;
      target.value = "";
      if (!file) return;
      this.upload?.abort();
      this.said = !file.size ? this.strings.empty_file : file.size > LARGEST ? this.strings.too_large : "";
      if (this.said) return;
      this.progress = 0;
      this.coming = true;
      const upload = (this.upload = bring(file, file.name, { failed: this.strings.upload_failed, onProgress: (part) => (this.progress = part) }));
      const { media, error } = await upload.done;
      if (this.upload !== upload) return;
      this.coming = false;
      this.said = error || "";
      if (!media) return;
      this.shown = file.name;
      this.$emit("brought", { id: media.id });
    },
    focus() {
      this.$refs.button.focus();
    },
  },
};
