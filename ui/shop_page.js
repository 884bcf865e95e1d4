// Runs once for each part of the shopper's page (gr.HTML's js_on_load: element, trigger, props, watch are given).
// Hands clicks on [data-event] to the page; keeps the conversation scrolled; draws nothing of its own.
// The names that Python listens to: "say" "stop" "untag" "feedback" "shopper" "personalise" "renew" "compare"
// "uncompare"
const root = document.documentElement;
const block = element.closest('.block') || element.parentElement;
const busy = () => document.querySelector('.st-log[data-busy="true"]') !== null;
const message = () => document.getElementById('st-message');

function say(text) {
  const words = text.trim();
  if (!words || busy()) return false;
  trigger('say', { text: words });
  return true;
}

function panel(open) {
  root.toggleAttribute('data-st-panel', open);
  document.querySelectorAll('[data-event="panel"]').forEach((one) => one.setAttribute('aria-expanded', String(open)));
}

element.addEventListener('click', (click) => {
  const acting = click.target.closest('[data-event]');
  if (!acting || acting.tagName === 'SELECT') return;
  const { event, ...data } = acting.dataset;
  if (event === 'panel') return panel(!root.hasAttribute('data-st-panel'));
  if (event === 'say') {
    if (say(data.text) && matchMedia('(hover: hover)').matches) message().focus();
    return;
  }
  if (event === 'untag' && busy()) return;
  if (event === 'renew') panel(false);
  trigger(event, data);
});

element.addEventListener('change', (change) => {
  const chooser = change.target.closest('select[data-event]');
  if (chooser) trigger(chooser.dataset.event, { value: chooser.value });
});

if (block.id === 'st-foot') {
  const field = message();
  const grow = () => {
    field.style.height = 'auto';
    field.style.height = Math.min(field.scrollHeight, 140) + 'px';
  };
  const send = () => {
    if (say(field.value)) {
      field.value = '';
      grow();
    }
  };
  field.addEventListener('input', grow);
  field.addEventListener('keydown', (key) => {
    if (key.key === 'Enter' && !key.shiftKey && !key.isComposing) {
      key.preventDefault();
      send();
    }
  });
  element.querySelector('form').addEventListener('submit', (submit) => {
    submit.preventDefault();
    send();
  });
  // A phone's keyboard shrinks the visual viewport and not the page: without this it would cover the field.
  const fit = () => root.style.setProperty('--st-height', window.visualViewport.height + 'px');
  if (window.visualViewport) {
    window.visualViewport.addEventListener('resize', fit);
    fit();
  }
}

if (block.id === 'st-middle') {
  // A picture that can't be had gives way to the drawing beneath it, also after the conversation is drawn anew.
  const missing = new Set();
  const hide = (picture) => picture.toggleAttribute('hidden', missing.has(picture.src));
  element.addEventListener(
    'error',
    (error) => {
      if (error.target.tagName !== 'IMG') return;
      missing.add(error.target.src);
      hide(error.target);
    },
    true
  );
  watch('value', () => element.querySelectorAll('.st-picture img').forEach(hide));
  let turns = 0;
  let wasBusy = false;
  let stay = true; // false once the shopper has scrolled up to read
  let height = 0; // the last scrollTop: we only ever scroll down, so up is the shopper
  block.addEventListener('scroll', () => {
    if (block.scrollHeight - block.scrollTop - block.clientHeight < 90) stay = true;
    else if (block.scrollTop < height) stay = false;
    height = block.scrollTop;
  });
  watch('value', () => {
    const log = element.querySelector('.st-log');
    if (!log) return;
    const isBusy = log.dataset.busy === 'true';
    const now = Number(log.dataset.turns);
    if (now > turns) stay = true;
    turns = now;
    if (stay) requestAnimationFrame(() => block.scrollTo({ top: block.scrollHeight, behavior: 'smooth' }));
    if (wasBusy && !isBusy) {
      // One announcement at the end: sentence by sentence would talk over the shopper.
      const last = log.querySelector('.st-exchange:last-of-type');
      const [picks, text, after] = ['meta', 'text', 'after'].map((part) => last?.querySelector('.st-' + part).textContent ?? '');
      document.getElementById('st-status').textContent = (picks && picks + '. ') + text + after;
    }
    wasBusy = isBusy;
  });
}

if (block.id === 'st-top') {
  // What the header says of the page's language counts for the whole document, which Gradio calls English.
  const { lang, dir } = element.querySelector('header');
  Object.assign(root, { lang, dir });
}
if (block.id === 'st-top') watch('value', () => panel(root.hasAttribute('data-st-panel')));
if (block.id === 'st-side') {
  document.addEventListener('keydown', (key) => {
    if (key.key === 'Escape') panel(false);
  });
}
