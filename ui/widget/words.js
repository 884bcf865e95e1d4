// Every word of the widget, in four languages: a row has them in the order of LANGUAGES. {…} is filled in. What is said
// in an answer comes from the shop.

const LANGUAGES = ['en', 'de', 'fr', 'zh'];
const WORDS = {
  title: ['Shopping assistant', 'Einkaufsberatung', 'Conseiller d’achat', '购物助手'],
  ask: ['Ask our assistant', 'Beratung öffnen', 'Demander conseil', '咨询助手'],
  close: ['Close', 'Schließen', 'Fermer', '关闭'],
  menu: ['Options', 'Optionen', 'Options', '选项'],
  renew: ['New chat', 'Neuer Chat', 'Nouvelle discussion', '新对话'],
  plain: ['Don’t personalise', 'Nicht personalisieren', 'Ne pas personnaliser', '不使用个性化'],
  erase: ['Delete my data', 'Meine Daten löschen', 'Supprimer mes données', '删除我的数据'],
  eraseAsk: [
    'This conversation and what the shop keeps of you are deleted for good.',
    'Dieses Gespräch und was der Shop von Ihnen aufbewahrt, werden endgültig gelöscht.',
    'Cette conversation et ce que la boutique garde de vous sont supprimés définitivement.',
    '此对话以及商店保存的您的信息将被永久删除。',
  ],
  eraseNo: ['Keep it', 'Behalten', 'Garder', '保留'],
  erased: [
    'Your data was deleted.',
    'Ihre Daten wurden gelöscht.',
    'Vos données ont été supprimées.',
    '您的数据已删除。',
  ],
  hello: [
    'What can I find for you?',
    'Was darf ich für Sie finden?',
    'Que puis-je trouver pour vous ?',
    '想找点什么？',
  ],
  tell: [
    'Say it in your own words: who it is for, what it must do, what it may cost.',
    'Sagen Sie es mit Ihren Worten: für wen, wofür, zu welchem Preis.',
    'Dites-le avec vos mots : pour qui, pour quoi, à quel prix.',
    '用您自己的话说：给谁用、做什么、多少钱。',
  ],
  ai: [
    'You are talking with an AI. It shows only items of {shop}.',
    'Sie sprechen mit einer KI. Sie zeigt nur Artikel von {shop}.',
    'Vous parlez avec une IA. Elle ne montre que des articles de {shop}.',
    '您正在与人工智能对话。它只展示{shop}的商品。',
  ],
  shop: ['this shop', 'diesem Shop', 'cette boutique', '本店'],
  small: [
    'An AI answers here. Check what matters before you buy.',
    'Hier antwortet eine KI. Prüfen Sie Wichtiges vor dem Kauf.',
    'Une IA répond ici. Vérifiez l’essentiel avant d’acheter.',
    '由人工智能回答。购买前请核对重要信息。',
  ],
  message: ['Your message', 'Ihre Nachricht', 'Votre message', '您的消息'],
  hint: ['What are you looking for?', 'Was suchen Sie?', 'Que cherchez-vous ?', '您在找什么？'],
  send: ['Send', 'Senden', 'Envoyer', '发送'],
  stop: ['Stop', 'Anhalten', 'Arrêter', '停止'],
  you: ['You: ', 'Sie: ', 'Vous : ', '您：'],
  log: ['Conversation', 'Gespräch', 'Conversation', '对话'],
  looking: ['Looking', 'Sucht', 'Recherche', '正在查找'],
  writing: ['Writing', 'Schreibt', 'Écrit', '正在撰写'],
  stopped: ['Stopped.', 'Angehalten.', 'Arrêté.', '已停止。'],
  noModel: [
    'Answered without the language model: real items, fixed wording.',
    'Ohne Sprachmodell beantwortet: echte Artikel, fester Wortlaut.',
    'Répondu sans modèle de langage : articles réels, texte fixe.',
    '未用语言模型作答：商品真实，措辞固定。',
  ],
  pick: ['{n} pick', '{n} Vorschlag', '{n} proposition', '{n} 件推荐'],
  picks: ['{n} picks', '{n} Vorschläge', '{n} propositions', '{n} 件推荐'],
  notPersonal: ['not personalised', 'nicht personalisiert', 'non personnalisé', '未个性化'],
  noPrice: ['Price on request', 'Preis auf Anfrage', 'Prix sur demande', '价格请咨询'],
  rated: ['Rated {r} of 5', 'Bewertet mit {r} von 5', 'Noté {r} sur 5', '评分 {r}（满分 5）'],
  like: ['Like', 'Gefällt mir', 'J’aime', '喜欢'],
  refuse: ['Not this', 'Das nicht', 'Pas celui-ci', '不要这个'],
  cart: ['Add to cart', 'In den Warenkorb', 'Ajouter au panier', '加入购物车'],
  added: ['Added', 'Hinzugefügt', 'Ajouté', '已加入'],
  need: ['Looking for', 'Gesucht', 'Recherché', '正在找'],
  remove: ['Remove: {what}', 'Entfernen: {what}', 'Retirer : {what}', '移除：{what}'],
  removed: ['No longer: {what}', 'Nicht mehr: {what}', 'Plus de : {what}', '不再限定：{what}'],
  up: ['Good answer', 'Gute Antwort', 'Bonne réponse', '回答得好'],
  down: ['Poor answer', 'Schlechte Antwort', 'Mauvaise réponse', '回答得不好'],
  back: ['Previous items', 'Vorige Artikel', 'Articles précédents', '上一批商品'],
  on: ['More items', 'Weitere Artikel', 'Autres articles', '更多商品'],
  newest: ['To the end', 'Zum Ende', 'Aller à la fin', '到最新'],
  offline: [
    'You are offline. This goes on as soon as you are back.',
    'Sie sind offline. Es geht weiter, sobald Sie zurück sind.',
    'Vous êtes hors ligne. Cela reprendra à votre retour.',
    '您已离线。恢复联网后会继续。',
  ],
  lost: ['The connection was lost.', 'Die Verbindung ging verloren.', 'La connexion a été perdue.', '连接已断开。'],
  busy: [
    'Many are asking just now. Try again in a moment.',
    'Gerade fragen viele. Versuchen Sie es gleich noch einmal.',
    'Beaucoup demandent en ce moment. Réessayez dans un instant.',
    '现在咨询的人很多，请稍后再试。',
  ],
  failed: [
    'That did not work. Please try again.',
    'Das ging nicht. Versuchen Sie es noch einmal.',
    'Cela n’a pas fonctionné. Réessayez.',
    '没有成功，请重试。',
  ],
  setup: [
    'The assistant cannot be used on this page.',
    'Die Beratung ist auf dieser Seite nicht verfügbar.',
    'Le conseiller n’est pas disponible sur cette page.',
    '此页面无法使用助手。',
  ],
  signIn: [
    'Your sign-in has ended. Please reload the page.',
    'Ihre Anmeldung ist abgelaufen. Bitte laden Sie die Seite neu.',
    'Votre connexion a expiré. Veuillez recharger la page.',
    '您的登录已过期，请刷新页面。',
  ],
  ended: [
    'The earlier conversation has ended. This is a new one.',
    'Das frühere Gespräch ist zu Ende. Dies ist ein neues.',
    'La conversation précédente est terminée. En voici une nouvelle.',
    '之前的对话已结束，这是新的对话。',
  ],
  again: ['Try again', 'Noch einmal', 'Réessayer', '重试'],
  elsewhere: [
    'Being answered in another tab',
    'Wird in einem anderen Tab beantwortet',
    'Réponse en cours dans un autre onglet',
    '正在另一个标签页中回答',
  ],
};

// The words of the first of these languages that there is, with its name.
export function wordsFor(wanted) {
  const language = wanted
    .map((tag) => (tag || '').toLowerCase().split(/[-_]/)[0])
    .concat('en')
    .find((one) => LANGUAGES.includes(one));
  const at = LANGUAGES.indexOf(language);
  const words = Object.entries(WORDS).map(([name, row]) => [name, row[at]]);
  return { language, ...Object.fromEntries(words) };
}

// The words with their places filled in.
export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
