// Times that a script writes look like those that the server writes (`moment` in config/words.py): in the zone that the
// page's times are in, by the same formats. The page says both; the letters are those of Django's dateformat.
const said = (name) => document.querySelector(`meta[name="${name}"]`).content;

function lettersOf(moment) {
  const parts = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
    hourCycle: "h23", calendar: "gregory", numberingSystem: "latn", timeZone: said("zone"),
  }).formatToParts(moment);
  const { weekday, day, month, year, hour, minute } = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  return { D: weekday, j: day, M: month, Y: year, H: hour, i: minute };
}

// A moment (whatever Date takes) in words. What is none, such as a time beyond all calendars, stays as it is.
export function whenOf(moment) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return String(moment);
  const letters = lettersOf(at);
  const format = said(letters.Y === lettersOf(new Date()).Y ? "moment" : "moment-of-another-year");
  return format.replace(/[DjMYHi]/g, (letter) => letters[letter]);
}
