/* The list of residents. Plain ES5, for old phones. */
(function () {
  "use strict";
  var search = document.getElementById("search");
  var list = document.getElementById("people");
  var count = document.getElementById("count");
  var asked = 0;

  function element(tag, className, text) {
    var made = document.createElement(tag);
    if (className) { made.className = className; }
    if (text) { made.textContent = text; }
    return made;
  }

  function row(person) {
    var item = element("li");
    var link = element("a");
    var who = element("span", "who");
    var channels = element("span", "channels");
    var avatar = element("span", "avatar", Array.from ? Array.from(person.name)[0] : person.name.charAt(0));
    avatar.setAttribute("aria-hidden", "true");
    link.href = "/phone/" + person.index;
    who.appendChild(element("b", "", person.name));
    who.appendChild(element("span", "hint", person.last ? person.last.text : person.number || "仅 Telegram"));
    if (person.chat_id !== null) { channels.appendChild(element("span", "chip", "Telegram")); }
    if (person.number !== null) { channels.appendChild(element("span", "chip sms", "短信")); }
    link.appendChild(avatar);
    link.appendChild(who);
    link.appendChild(channels);
    item.appendChild(link);
    return item;
  }

  function summary(found) {
    if (!found.total) { return "还没有居民。请先运行演示，或用 POST /sim/people 添加。 No residents yet."; }
    if (!found.matched) { return "没有符合的居民，换个词试试。 No match."; }
    var shown = found.people.length < found.matched ? "，只显示前 " + found.people.length + " 位" : "";
    return "共 " + found.matched + " 位" + shown;
  }

  function show(found) {
    var text = summary(found);
    if (count.textContent !== text) { count.textContent = text; }
    list.textContent = "";
    found.people.forEach(function (person) { list.appendChild(row(person)); });
  }

  function load() {
    var mine = ++asked;
    fetch("/phone/people?q=" + encodeURIComponent(search.value))
      .then(function (response) { return response.json(); })
      .then(function (found) { if (mine === asked) { show(found); } })
      .catch(function () { count.textContent = "连不上模拟器。 The simulator does not answer."; });
  }

  search.addEventListener("input", load);
  // Not while somebody is moving through the list with the keyboard, which would lose their place.
  setInterval(function () {
    if (!document.hidden && !list.contains(document.activeElement)) { load(); }
  }, 5000);
  load();
})();
