'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const ROW = 20, SPARE = 20;
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;   // never innerHTML: the guest wrote this
    return element;
  };
  const seconds = t => t.toFixed(4);

  // A list that only has the rows in view in the document.
  class Pane {
    constructor(column, paint) {
      this.view = column.querySelector('.pane');
      this.count = column.querySelector('output');
      this.paint = paint;
      this.layer = make('div', 'layer');
      this.sizer = make('div');
      this.view.append(this.sizer, this.layer);
      this.near = -1;
      this.keep = () => true;
      const box = column.querySelector('input');
      box.addEventListener('input', () => { this.words = box.value.toLowerCase(); this.filter(); });
      this.words = '';
      this.view.addEventListener('scroll', () => { this.render(); this.onscroll?.(); }, { passive: true });
      new ResizeObserver(() => this.render()).observe(this.view);
    }
    load(source) {
      this.rows = source.rows.map((cells, at) => ({ cells, at, t: cells[0] }));
      if (source.leftOut) this.rows.splice(source.gap, 0, { gap: source.leftOut, at: -1, t: this.rows[Math.max(0, source.gap - 1)].t });
      this.filter();
    }
    filter() {
      const t = this.shown?.length ? this.topTime() : 0;
      this.shown = this.rows.filter(r => r.gap || (this.keep(r) && (!this.words || this.text(r).includes(this.words))));
      this.near = -1;
      this.sizer.style.height = this.shown.length * ROW + 'px';
      this.count.textContent = this.shown.length === this.rows.length ? `${this.rows.length}` : `${this.shown.length} of ${this.rows.length}`;
      this.layer.replaceChildren();
      this.showTime(t, 0);
      this.render();
    }
    text(row) { return row.search ??= row.cells.slice(1).join(' ').toLowerCase(); }
    render() {
      const first = Math.max(0, Math.floor(this.view.scrollTop / ROW) - SPARE);
      const last = Math.min(this.shown.length, Math.ceil((this.view.scrollTop + this.view.clientHeight) / ROW) + SPARE);
      const rows = [];
      for (let i = first; i < last; i++) {
        const row = this.shown[i];
        const element = row.gap ? make('div', 'row gap', `${row.gap} left out`) : this.paint(row);
        if (i === this.near) element.classList.add('near');
        element.dataset.i = i;
        rows.push(element);
      }
      this.layer.style.transform = `translateY(${first * ROW}px)`;
      this.layer.replaceChildren(...rows);
    }
    // The last row not later than t.
    indexAt(t) {
      let low = 0, high = this.shown.length;
      while (low < high) { const middle = (low + high) >> 1; if (this.shown[middle].t <= t) low = middle + 1; else high = middle; }
      return Math.max(0, low - 1);
    }
    topTime() { return this.shown[Math.min(this.shown.length - 1, Math.round(this.view.scrollTop / ROW))]?.t ?? 0; }
    showTime(t, offset) { if (this.shown.length) this.view.scrollTop = this.indexAt(t) * ROW - offset; }
    point(index) { if (index !== this.near) { this.near = index; this.render(); } }
  }

  const paintLog = row => {
    const [t, text, finding, level] = row.cells;
    const element = make('div', 'row' + (finding >= 0 ? ` marked ${data.findings[finding]}` : level >= 0 && level <= 3 ? ' l3' : level === 4 ? ' l4' : level === 7 ? ' l7' : ''));
    if (finding >= 0) element.dataset.finding = finding;
    element.append(make('span', 't', seconds(t)), make('span', '', text));
    return element;
  };
  const family = kind => kind.startsWith('dma') ? 'dma' : kind;
  const paintTrace = row => {
    const [t, text, kind, device, value, struck, ns] = row.cells;
    const element = make('div', `row k-${family(kind)}${struck ? ' struck' : ''}`);
    element.title = `device time ${ns} ns`;
    element.append(make('span', 't', seconds(t)), make('span', 'd', device), make('span', 'k', kind), make('span', '', text), make('span', 'v', value));
    return element;
  };
  const log = new Pane(document.getElementById('log'), paintLog);
  const trace = new Pane(document.getElementById('trace'), paintTrace);

  // One cursor for all: the pane under the hand leads, the other follows.
  const strip = document.getElementById('strip'), cursor = document.getElementById('cursor'), cursorTime = document.getElementById('cursor-time');
  const setCursor = t => {
    if (!cursor || !data.total) return;
    cursor.hidden = false;
    cursor.style.left = Math.min(100, 100 * t / data.total) + '%';
    cursorTime.textContent = seconds(t) + ' s';
  };
  let lead = log;
  for (const [pane, other] of [[log, trace], [trace, log]]) {
    for (const event of ['pointerenter', 'wheel', 'touchstart', 'focus', 'keydown']) pane.view.addEventListener(event, () => { lead = pane; }, { passive: true });
    pane.onscroll = () => {
      if (lead !== pane) return;
      const t = pane.topTime();
      setCursor(t);
      other.showTime(t, 0);
    };
    pane.view.addEventListener('mousemove', event => {
      const element = event.target.closest('.row');
      if (!element || lead !== pane) return;
      const row = pane.shown[element.dataset.i];
      setCursor(row.t);
      pane.point(-1);
      if (!other.shown.length) return;
      const index = other.indexAt(row.t), offset = element.getBoundingClientRect().top - pane.view.getBoundingClientRect().top;
      other.view.scrollTop = index * ROW - offset;
      other.point(index);
    });
  }
  const goTo = t => { log.showTime(t, 60); trace.showTime(t, 60); log.point(log.indexAt(t)); trace.point(trace.indexAt(t)); setCursor(t); };
  strip?.addEventListener('click', event => {
    const box = strip.getBoundingClientRect();
    lead = null;
    goTo(data.total * (event.clientX - box.left) / box.width);
    document.getElementById('logs').scrollIntoView({ behavior: 'smooth', block: 'start' });
  });

  // Log: console or kernel log.
  const tabs = [...document.querySelectorAll('.tab')];
  const choose = name => {
    for (const tab of tabs) tab.setAttribute('aria-pressed', String(tab.dataset.log === name));
    log.load(data[name]);
  };
  for (const tab of tabs) tab.addEventListener('click', () => choose(tab.dataset.log));
  // A restored guest says little on its console: what says more comes first.
  choose(tabs.length > 1 && data.kernel.rows.length > data.console.rows.length ? 'kernel' : tabs[0]?.dataset.log ?? 'console');

  // Trace: by kind.
  const off = new Set();
  const kinds = [...new Set(data.trace.rows.map(r => family(r[2])))];
  for (const kind of kinds) {
    const chip = make('button', `k-${kind}`, kind);
    chip.type = 'button';
    chip.setAttribute('aria-pressed', 'true');
    chip.addEventListener('click', () => {
      const isOff = !off.delete(kind);
      if (isOff) off.add(kind);
      chip.setAttribute('aria-pressed', String(!isOff));
      trace.filter();
    });
    document.getElementById('kinds').append(chip);
  }
  trace.keep = row => !off.has(family(row.cells[2]));
  trace.load(data.trace);

  // Findings and their lines point at each other.
  const rowOf = (source, finding) => source.rows.find(r => r[2] === finding);
  document.addEventListener('click', event => {
    const button = event.target.closest('button[data-finding]');
    if (button) {
      const finding = Number(button.dataset.finding);
      const name = ['console', 'kernel'].find(n => rowOf(data[n], finding));
      if (!name) return;
      choose(name);
      lead = null;
      goTo(rowOf(data[name], finding)[0]);
      const index = log.shown.findIndex(r => r.cells?.[2] === finding);
      if (index >= 0) { log.view.scrollTop = index * ROW - 60; log.point(index); }
      document.getElementById('logs').scrollIntoView({ block: 'start' });
      return;
    }
    const row = event.target.closest('.row[data-finding]');
    if (row) location.hash = `finding-${Number(row.dataset.finding) + 1}`;
  });

  const copy = document.getElementById('copy');
  copy.addEventListener('click', () => {
    const range = document.createRange();
    range.selectNodeContents(document.getElementById('command'));
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand('copy');   // the clipboard API is closed to pages opened from a file
    copy.textContent = 'Copied';
  });
})();
