/* One resident's phone. Plain ES5, for old phones. Message texts are only ever set as text. */
(function () {
  "use strict";
  var base = location.pathname.replace(/\/$/, "");
  var asked = new URLSearchParams(location.search).get("bot") || "";
  var seen = "";
  var timer = null;
  var notices = { telegram: null };

  function byId(id) { return document.getElementById(id); }

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text) { made.textContent = text; }
    return made;
  }

  function english(text) {
    var made = element("small", "", text);
    made.lang = "en";
    return made;
  }

  // -- talking with the simulator

  function address(path) { return base + path + (asked ? "?bot=" + encodeURIComponent(asked) : ""); }

  function post(path, body, noticeId) {
    notify(noticeId, "");
    return fetch(address(path), { method: "POST", body: JSON.stringify(body) })
      .then(function (response) {
        return response.json().then(function (answer) {
          if (!response.ok) { throw new Error(answer.error); }
          return answer;
        });
      })
      .then(function (answer) { poll(); return answer; })
      .catch(function (error) {
        notify(noticeId, "没有发出去：" + error.message);
        throw error;
      });
  }

  function quiet() {}

  function notify(noticeId, text) {
    byId(noticeId).textContent = text;
    stay();
  }

  function stay() {
    telegramLog.stay();
    smsLog.stay();
  }

  function poll() {
    clearTimeout(timer);
    var url = address("/thread");
    url += (url.indexOf("?") < 0 ? "?" : "&") + "seen=" + encodeURIComponent(seen);
    fetch(url)
      .then(function (response) {
        byId("offline").hidden = true;
        if (response.status === 404) { location.reload(); }
        return response.status === 200 ? response.json() : null;
      })
      .then(function (shown) {
        if (shown) {
          seen = shown.version;
          show(shown);
        }
      })
      .catch(function () { byId("offline").hidden = false; })
      .then(function () {
        clearTimeout(timer);
        timer = setTimeout(poll, document.hidden ? 4000 : 800);
      });
  }

  // -- messages

  function two(number) { return (number < 10 ? "0" : "") + number; }

  function clock(at) {
    var moment = new Date(at * 1000);
    return two(moment.getHours()) + ":" + two(moment.getMinutes());
  }

  function day(at) {
    var moment = new Date(at * 1000);
    return moment.getFullYear() + "年" + (moment.getMonth() + 1) + "月" + moment.getDate() + "日";
  }

  function inlineButton(message, button) {
    if (button.url && /^https?:/.test(button.url)) {
      var link = element("a", "", button.text + " ↗");
      link.href = button.url;
      link.target = "_blank";
      link.rel = "noopener noreferrer";
      return link;
    }
    var made = element("button", "", button.text);
    made.type = "button";
    made.disabled = button.data === null;
    made.addEventListener("click", function () {
      post("/tap", { message_id: message.id, data: button.data }, "telegram-notice").catch(quiet);
    });
    return made;
  }

  function rows(place, keyboard, make) {
    keyboard.forEach(function (buttons) {
      var row = element("div", "row");
      buttons.forEach(function (button) { row.appendChild(make(button)); });
      place.appendChild(row);
    });
  }

  function attachment(bubble, message) {
    if (message.photo) {
      var picture = element("img", "picture");
      picture.src = base + "/file/" + encodeURIComponent(message.photo);
      picture.alt = message.text || "图片";
      bubble.appendChild(picture);
    }
    if (message.document) {
      var link = element("a", "", "文件 " + message.document.name);
      link.href = base + "/file/" + encodeURIComponent(message.document.id);
      link.download = message.document.name;
      bubble.appendChild(link);
    }
  }

  function draw(message) {
    var whole = element("div", "message" + (message.mine ? " mine" : ""));
    var bubble = element("div", "bubble");
    if (message.reply_to) { bubble.appendChild(element("span", "quote", message.reply_to)); }
    attachment(bubble, message);
    var text = message.contact ? "我的电话号码 " + message.contact : message.text;
    bubble.appendChild(element("div", "text", text));
    bubble.appendChild(element("span", "time", (message.edited ? "已编辑 " : "") + clock(message.at)));
    whole.appendChild(bubble);
    if (message.buttons && message.buttons.length) {
      var place = element("div", "inline-buttons");
      rows(place, message.buttons, function (button) { return inlineButton(message, button); });
      whole.appendChild(place);
    }
    return whole;
  }

  /* One list of messages. A node stays while its message does, so that only what is new is read aloud. */
  function Log(id, emptyText, emptyEnglish) {
    this.place = byId(id);
    this.nodes = {};
    this.empty = element("p", "empty", emptyText);
    this.empty.appendChild(english(emptyEnglish));
    this.place.appendChild(this.empty);
    this.atEnd = true;
    this.place.addEventListener("scroll", this.look.bind(this));
  }

  Log.prototype.look = function () {
    this.atEnd = this.place.scrollHeight - this.place.scrollTop - this.place.clientHeight < 80;
  };

  /* Whoever was reading the newest message still is, after messages came or the space for them changed. */
  Log.prototype.stay = function () {
    if (this.atEnd) { this.place.scrollTop = this.place.scrollHeight; }
  };

  Log.prototype.show = function (messages) {
    var log = this;
    var kept = {};
    var before = "";
    var grew = false;
    messages.forEach(function (message) {
      var today = day(message.at);
      if (today !== before) { grew = log.put(kept, "day " + today, today, log.dayNode) || grew; }
      before = today;
      grew = log.put(kept, "message " + message.id, message, draw) || grew;
    });
    Object.keys(log.nodes).forEach(function (key) {
      if (!kept[key]) { log.place.removeChild(log.nodes[key].node); }
    });
    log.nodes = kept;
    log.empty.hidden = messages.length > 0;
    return grew;
  };

  Log.prototype.dayNode = function (text) { return element("div", "day", text); };

  Log.prototype.put = function (kept, key, shown, make) {
    var text = JSON.stringify(shown);
    var old = this.nodes[key];
    if (old && old.text === text) {
      kept[key] = old;
      return false;
    }
    kept[key] = { text: text, node: make(shown) };
    if (old) {
      this.place.replaceChild(kept[key].node, old.node);
      delete this.nodes[key];
    } else {
      this.place.appendChild(kept[key].node);
    }
    return true;
  };

  var telegramLog = new Log("telegram-log", "还没有消息。发一句话开始。", "No messages yet.");
  var smsLog = new Log("sms-log", "还没有短信。", "No text messages yet.");

  // -- what is shown around them

  function keyboardButton(button) {
    var made = element("button", "", button.text);
    made.type = "button";
    made.addEventListener("click", function () {
      var sent = button.contact ? post("/contact", {}, "telegram-notice")
        : post("/telegram", { text: button.text }, "telegram-notice");
      sent.catch(quiet);
    });
    return made;
  }

  function showKeyboard(keyboard) {
    var place = byId("keyboard");
    var text = JSON.stringify(keyboard);
    if (place.getAttribute("data-shown") === text) { return; }
    place.setAttribute("data-shown", text);
    place.textContent = "";
    rows(place, keyboard, keyboardButton);
  }

  function showNotice(notice) {
    if (!notice || notices.telegram === notice.at) { return; }
    // What was answered before the page was opened is over.
    if (notices.telegram !== null || Date.now() / 1000 - notice.at < 5) {
      notify("telegram-notice", notice.text);
    }
    notices.telegram = notice.at;
  }

  function showBots(bots, chosen) {
    var select = byId("bot");
    byId("bot-choice").hidden = bots.length < 2;
    var only = bots.length === 1 ? "@" + bots[0].username : "机器人还没有连上";
    byId("bot-name").textContent = bots.length < 2 ? only : "";
    byId("telegram-form").querySelector("button").disabled = chosen === null;
    if (select.options.length !== bots.length) {
      select.textContent = "";
      bots.forEach(function (bot) {
        var option = element("option", "", "@" + bot.username);
        option.value = String(bot.id);
        select.appendChild(option);
      });
    }
    if (chosen !== null) { select.value = String(chosen); }
  }

  function showTelegram(telegram, bots) {
    showBots(bots, telegram.bot);
    showKeyboard(telegram.keyboard);
    showNotice(telegram.notice);
    byId("telegram-text").placeholder = telegram.placeholder || "写消息…";
    if (telegramLog.show(telegram.messages)) { mark("telegram"); }
  }

  function showSms(sms) {
    byId("office-number").textContent = sms.reachable ? "" : "机构还没有接上短信";
    if (smsLog.show(sms.messages)) { mark("sms"); }
  }

  function show(shown) {
    var person = shown.person;
    var first = byId("name").textContent === "…";
    byId("name").textContent = person.name;
    byId("number").textContent = person.number || "";
    document.title = person.name + " · 居民手机";
    byId("telegram").hidden = !shown.telegram;
    byId("sms").hidden = !shown.sms;
    var both = Boolean(shown.telegram && shown.sms);
    byId("tabs").hidden = !both;
    byId("panels").className = both ? "panels with-tabs" : "panels";
    byId("telegram-log").lang = byId("sms-log").lang = person.language;
    if (shown.telegram) { showTelegram(shown.telegram, shown.bots); }
    if (shown.sms) { showSms(shown.sms); }
    if (first) { choose(shown.telegram ? "telegram" : "sms"); }
    stay();
  }

  // -- tabs, of use on a narrow screen only

  var chosen = null;
  var channels = ["telegram", "sms"];

  function choose(channel) {
    chosen = channel;
    channels.forEach(function (one) {
      var tab = byId("tab-" + one);
      tab.setAttribute("aria-selected", String(one === channel));
      tab.tabIndex = one === channel ? 0 : -1;
      byId(one).classList[one === channel ? "remove" : "add"]("away");
    });
    byId("tab-" + channel).querySelector(".dot").hidden = true;
    var log = channel === "sms" ? smsLog : telegramLog;
    log.atEnd = true;
    log.stay();
  }

  function mark(channel) {
    if (chosen !== null && chosen !== channel) { byId("tab-" + channel).querySelector(".dot").hidden = false; }
  }

  channels.forEach(function (channel, position) {
    var tab = byId("tab-" + channel);
    tab.addEventListener("click", function () { choose(channel); });
    tab.addEventListener("keydown", function (event) {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
        choose(channels[1 - position]);
        byId("tab-" + channels[1 - position]).focus();
      }
    });
  });

  // -- writing

  function composer(channel) {
    var form = byId(channel + "-form");
    var box = byId(channel + "-text");
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var text = box.value.trim();
      if (!text || form.querySelector("button").disabled) { return; }
      box.value = "";
      post("/" + channel, { text: text }, channel + "-notice")
        .then(function (answer) { if (channel === "sms") { smsSent(answer); } })
        .catch(function () { box.value = box.value || text; });
    });
    box.addEventListener("keydown", function (event) {
      // Enter that ends the choice of a Chinese character does not send.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) { return; }
      event.preventDefault();
      form.querySelector("button").click();
    });
  }

  function smsSent(answer) {
    if (answer.status >= 200 && answer.status < 300) { return; }
    notify("sms-notice", answer.status
      ? "机构的系统答复 " + answer.status + "，没有收下这条短信。" : "机构的系统没有接通，短信没有送到。");
  }

  composer("telegram");
  composer("sms");
  byId("bot").addEventListener("change", function () {
    asked = byId("bot").value;
    history.replaceState(null, "", base + "?bot=" + asked);
    poll();
  });
  window.addEventListener("resize", stay);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { poll(); } });
  poll();
})();
