(function () {
  "use strict";
  var name = document.body.getAttribute("data-cookie") + "=";
  var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  var last = { message: null };

  /* The browser state that the server set; nothing once the user has signed out. */
  function browserState() {
    var cookies = document.cookie.split("; ");
    for (var i = 0; i < cookies.length; i++) {
      if (cookies[i].indexOf(name) === 0) {
        return cookies[i].substring(name.length);
      }
    }
    return "";
  }

  function isPrime(number) {
    for (var factor = 2; factor * factor <= number; factor++) {
      if (number % factor === 0) {
        return false;
      }
    }
    return true;
  }

  function fraction(number) {
    return ((number - Math.floor(number)) * 4294967296) | 0;
  }

  var initial = [];
  var constants = [];
  for (var candidate = 2; constants.length < 64; candidate++) {
    if (isPrime(candidate)) {
      if (initial.length < 8) {
        initial.push(fraction(Math.pow(candidate, 1 / 2)));
      }
      constants.push(fraction(Math.pow(candidate, 1 / 3)));
    }
  }

  function rotated(word, bits) {
    return (word >>> bits) | (word << (32 - bits));
  }

  /* FIPS 180-4 section 6.2, of plain ASCII. */
  function sha256(text) {
    var words = [];
    var length = (((text.length + 8) >> 6) + 1) * 16;
    var i;
    for (i = 0; i < length; i++) {
      words[i] = 0;
    }
    for (i = 0; i < text.length; i++) {
      words[i >> 2] |= (text.charCodeAt(i) & 255) << (24 - 8 * (i % 4));
    }
    words[i >> 2] |= 128 << (24 - 8 * (i % 4));
    words[length - 1] = text.length * 8;
    var hash = initial.slice();
    for (var block = 0; block < length; block += 16) {
      var schedule = words.slice(block, block + 16);
      var work = hash.slice();
      for (i = 0; i < 64; i++) {
        if (i >= 16) {
          var w15 = schedule[i - 15];
          var w2 = schedule[i - 2];
          var s0 = rotated(w15, 7) ^ rotated(w15, 18) ^ (w15 >>> 3);
          var s1 = rotated(w2, 17) ^ rotated(w2, 19) ^ (w2 >>> 10);
          schedule[i] = (schedule[i - 16] + s0 + schedule[i - 7] + s1) | 0;
        }
        var big1 = rotated(work[4], 6) ^ rotated(work[4], 11) ^ rotated(work[4], 25);
        var choice = (work[4] & work[5]) ^ (~work[4] & work[6]);
        var first = (work[7] + big1 + choice + constants[i] + schedule[i]) | 0;
        var big0 = rotated(work[0], 2) ^ rotated(work[0], 13) ^ rotated(work[0], 22);
        var majority = (work[0] & work[1]) ^ (work[0] & work[2]) ^ (work[1] & work[2]);
        work = [(first + big0 + majority) | 0, work[0], work[1], work[2], (work[3] + first) | 0, work[4], work[5], work[6]];
      }
      for (i = 0; i < 8; i++) {
        hash[i] = (hash[i] + work[i]) | 0;
      }
    }
    return hash;
  }

  /* RFC 4648 section 5, without padding. */
  function base64url(hash) {
    var text = "";
    for (var bit = 0; bit < 256; bit += 6) {
      var value = 0;
      for (var i = bit; i < bit + 6; i++) {
        value = value * 2 + (i < 256 ? (hash[i >> 5] >>> (31 - (i & 31))) & 1 : 0);
      }
      text += alphabet.charAt(value);
    }
    return text;
  }

  /* Session Management 3.2. */
  function answer(message, origin) {
    if (typeof message !== "string" || message.length > 4096) {
      return "error";
    }
    var space = message.lastIndexOf(" ");
    var state = message.substring(space + 1);
    var dot = state.lastIndexOf(".");
    if (space < 1 || dot < 1) {
      return "error";
    }
    var current = browserState();
    if (last.message !== message || last.origin !== origin || last.current !== current) {
      var client = message.substring(0, space);
      var salt = state.substring(dot + 1);
      var expected = base64url(sha256(client + " " + origin + " " + current + " " + salt)) + "." + salt;
      var result = current !== "" && expected === state ? "unchanged" : "changed";
      last = { message: message, origin: origin, current: current, result: result };
    }
    return last.result;
  }

  /* The origin of the page that this one is framed in, as far as the browser tells. */
  function ancestor() {
    var ancestors = window.location.ancestorOrigins;
    return ancestors && ancestors.length > 0 ? ancestors[0] : null;
  }

  window.addEventListener("message", function (event) {
    var framedIn = ancestor();
    if (!event.source || event.source === window || (framedIn !== null && event.origin !== framedIn)) {
      return;
    }
    event.source.postMessage(answer(event.data, event.origin), event.origin);
  }, false);
})();
