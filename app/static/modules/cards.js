// What a message shows beside its text: a place, a person, a form, an order; titled lines and perhaps a link.
import { LINK } from "parley/rich_text.js";
import { reader } from "parley/reader.js";

export const Cards = {
  mixins: [reader],
  template: `
    <div v-for="(card, n) in cards" :key="n" class="bubble-card">
      <svg class="i" aria-hidden="true"><use :href="icon(card.icon)"></use></svg>
      <div class="card-words">
        <bdi class="card-title">{{ card.title }}</bdi>
        <bdi v-if="card.sub" class="card-sub">{{ card.sub }}</bdi>
        <div v-for="(line, m) in card.lines" :key="m" class="card-line"><span v-if="line.label" class="card-label">{{ line.label }}</span><bdi>{{ line.text }}</bdi></div>
        <a v-if="card.link" v-bind="link" :href="card.link.href">{{ card.link.label }}<svg class="i" aria-hidden="true"><use :href="icon('external-link')"></use></svg></a>
      </div>
    </div>
  `,
  props: { cards: Array },
  created() {
    this.link = LINK;
  },
};
