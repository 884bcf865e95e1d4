// The demo store's basket, and how it meets the assistant: what a merchant's own script would do.

const KEY = 'demo-store-basket';
const byId = (id) => document.getElementById(id);
const read = () => JSON.parse(localStorage.getItem(KEY) || '[]');
const money = new Intl.NumberFormat('en-US', { style: 'currency', currency: document.body.dataset.currency });

function keep(lines) {
  localStorage.setItem(KEY, JSON.stringify(lines));
  show();
}

function add(item) {
  const lines = read();
  const line = lines.find((one) => one.item_id === item.item_id);
  if (line) line.quantity += 1;
  else lines.push({ item_id: item.item_id, title: item.title, price: Number(item.price), quantity: 1 });
  keep(lines);
  byId('said').textContent = `In your basket: ${item.title}`;
}

function show() {
  const lines = read();
  byId('basket-count').textContent = lines.reduce((sum, line) => sum + line.quantity, 0);
  byId('basket-none').hidden = lines.length > 0;
  byId('basket-buy').hidden = lines.length === 0;
  byId('basket-sum').textContent = lines.length
    ? `Together ${money.format(lines.reduce((sum, line) => sum + line.price * line.quantity, 0))}`
    : '';
  byId('basket-lines').replaceChildren(
    ...lines.map((line) => {
      const shown = document.createElement('li');
      shown.textContent = `${line.quantity} × ${line.title}, ${money.format(line.price)}`;
      return shown;
    }),
  );
}

// The assistant's "Add to cart": put it into our own basket. The assistant tells its ranking by itself.
addEventListener('shoptalk:add-to-cart', ({ detail }) => add(detail));

// Where there is room, the page makes room for the window beside it.
addEventListener('shoptalk:open', () => document.body.classList.add('beside'));
addEventListener('shoptalk:close', () => document.body.classList.remove('beside'));

document.addEventListener('click', ({ target }) => {
  const { add: id, title, price, ask } = target.dataset;
  if (id) {
    add({ item_id: id, title, price });
    window.shoptalk?.track('cart', id);
  }
  if (ask) window.shoptalk?.send(ask);
  else if (ask === '') window.shoptalk?.open();
});

byId('basket-button').addEventListener('click', () => byId('basket').showModal());
byId('basket-close').addEventListener('click', () => byId('basket').close());
byId('basket-buy').addEventListener('click', () => {
  for (const line of read()) window.shoptalk?.track('purchase', line.item_id);
  keep([]);
  byId('basket').close();
  byId('said').textContent = 'Thank you. In a real shop it would be on its way.';
});
addEventListener('storage', show);
show();
