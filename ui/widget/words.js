// The widget's words in the visitor's language. The script brings those of one language along (PACKED, WORDS); others lie
// at the shop (TONGUES), each one small file that the browser keeps for good.

const LONGEST_MS = 4000; // the window comes in the language that is here rather than not at all

// The words in the first of these languages that there is, with its code.
export async function wordsFor(wanted, address) {
  const language = wanted.map((tag) => (tag || '').toLowerCase().split(/[-_]/)[0]).find((one) => one in TONGUES);
  if (language && language !== PACKED) {
    try {
      const answer = await fetch(address + TONGUES[language], {
        credentials: 'omit',
        signal: AbortSignal.timeout(LONGEST_MS),
      });
      if (answer.ok) return { language, ...WORDS, ...(await answer.json()) };
    } catch {
      // Not to be had now.
    }
  }
  return { language: PACKED, ...WORDS };
}

// The words with their places filled in.
export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
