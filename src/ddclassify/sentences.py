"""Sentence boundaries for defence and diplomacy text, and a clean view of one sentence.

Pure functions on ``str``. Offsets count Unicode code points, as Python's slices do. Every
boundary lies where the tokenizer of ``spacy.blank("en")`` also ends a token, so a span can be
turned into a spaCy span without moving either end; spaCy itself is not needed here.

The work is done in two steps. Line ends come first: each is either a real break (a blank line,
a heading, a list item, a table row, the cue of a speaker) or only the wrap of a line. Full stops,
question marks and the like are then weighed inside each stretch of text that no line end broke.
"""

# The patterns hold look-alike characters (curly quotes, dashes, Arabic full stops) on purpose.

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["normalise", "split_sentences"]

# --- vocabulary -----------------------------------------------------------------------------


_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for part in lists for word in part.split())


# Stand before a name or a term and never end a sentence.
_NEVER_CASED: Final = _words(
    """Gen Gens Lt Lts Maj Majs Col Cols Capt Capts Cpt Sgt Sgts Cpl Cpls Pvt Pvts Pfc Spc Brig
    Adm Adms Cmdr Cmdrs Cdr Cdre Cmdre Comdr Lcdr Ens Sfc Csm Ssgt Tsgt Msgt Smsgt Cmsgt Gysgt
    Lcpl Ltjg Mr Mrs Ms Mx Messrs Mme Mmes Mlle Dr Drs Prof Profs Rev Revs Fr Sen Sens Gov Govs
    Hon Rt Amb Ambs Pres Sec Secs Asst Dep Supt Insp Comr Commr Atty Chf Mshl Msh Mar Sqn Ldr
    Wg Wng Flt Gp Grp Fg Plt Nb Hav Nk Wm Geo Chas Sra Srta Gral Tte Cnel Engr Smt Msgr Mgr Ven
    Pub Exec Fed"""
)
_NEVER_LOWER: Final = _words(
    "vs v cf viz approx ca incl esp eg ie lt gen col maj capt sgt cpl adm cmdr brig mr mrs ms dr"
)
# May end a sentence, but only a word that opens one shows it.
_MAYBE_CASED: Final = _words(
    """Inc Ltd Co Cos Corp Bros LLC PLC Plc Jr Sr Esq Ret Rep Reps Bn Bns Rgt Regt Div Bde Bdes
    Sqdn Arty Inf Cav Dept Depts Govt Univ Assn Assoc Intl Natl St Ste Ave Blvd Rd Hwy Mt Mts Ft
    Pt Is Ala Ariz Ark Calif Colo Conn Fla Ga Ill Ind Kan Ky La Md Mass Mich Minn Miss Mont Neb
    Nev Okla Ore Pa Penn Tenn Tex Va Vt Wash Wis Wyo Ont Que Jan Feb Apr Jun Jul Aug Sept Sep Oct
    Nov Dec Tues Thurs Bros Min Off Distr Int'l Nat'l Gov't Dep't Ass'n"""
)
_MAYBE_LOWER: Final = _words("al seq ibid cit ed eds dept ret no. jr sr")
# Abbreviations only where a number follows; elsewhere words like any other ("No. The talks...").
_NUMBERED: Final = _words(
    """no nos art arts sec secs para paras p pp vol vols ch chap cl fig figs ser app res cong stat
    reg supp add corr doc docs rev est c tel ext max min mk mod bldg rm apt lat cat ver op order
    pt pl ann sched amend det r"""
)

_NEVER, _MAYBE, _NUMBER = 1, 2, 3
_ABBREVIATIONS: Final[dict[str, int]] = {
    **{form: _NUMBER for word in _NUMBERED for form in (word, word.capitalize(), word.upper())},
    **{form: _MAYBE for word in _MAYBE_CASED for form in (word, word.upper())},
    **dict.fromkeys(_MAYBE_LOWER, _MAYBE),
    **{form: _NEVER for word in _NEVER_CASED for form in (word, word.upper())},
    **dict.fromkeys(_NEVER_LOWER, _NEVER),
}
# In capitals these are more often words, country codes or zones than abbreviations.
for _word in ("IS", "ORE", "MASS", "PENN", "WASH", "OFF", "MISS", "ILL", "ARK", "MAR", "FED"):
    _ABBREVIATIONS.pop(_word, None)

_OPENERS: Final = _words(
    """The This That These Those He She It They We You There Here His Her Their Its Our My Your
    A An I In On At By For From To With Of As After Before During Since Until While When Where
    Whether If Although Though Unless Because Despite Besides Beyond Following But And Or So Yet
    Nor However Meanwhile Moreover Furthermore Additionally Nevertheless Nonetheless Therefore
    Thus Hence Instead Also Then Now Today Yesterday Tomorrow Tonight Earlier Later Previously
    Recently Currently Finally Still Even Both Some Many Most Several Few All Each Every Any
    Another Other Others Such What Who Whose Why How Which According Asked Speaking Among Amid
    Against Between Through Throughout Under Over Once Only Nobody Nothing Neither Either Not No
    Please Officials Observers Analysts Let Perhaps Indeed Similarly Likewise Consequently
    Accordingly Subsequently Overall Nearly Almost About Around"""
)
# What may also stand inside a headline or a clause ("THE U.S. AND ITS ALLIES", "U.S. To Leave").
_WEAK_OPENERS: Final = _words(
    """A An In On At By For From To With Of As And Or So Not No After Before Under Over Between
    Through Against During Since Until While When Who Where That All Both Any Only Now Today
    Yesterday Tomorrow Tonight Also But Nor If Amid Among Each Every Most Other Some Such Which"""
)
_CAPITAL_OPENERS: Final = frozenset(w.upper() for w in _OPENERS - _WEAK_OPENERS)

_WEEKDAYS_MONTHS: Final = _words(
    """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May
    June July August September October November December Mon Tue Tues Wed Thu Thurs Fri Sat Sun
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec"""
)
_AFTER_CLOCK: Final = frozenset(
    form
    for word in _WEEKDAYS_MONTHS
    | _words(
        """EST EDT ET CST CDT CT MST MDT PST PDT PT GMT UTC BST CET CEST EET EEST IST JST KST MSK
        HST Eastern Central Mountain Pacific Atlantic Local Zulu Greenwich"""
    )
    for form in (word, word.upper())
)
# A line that ends in one of these goes on in the next, whatever its length.
_OPEN_ENDED: Final = _words(
    """a an the of to in on at by for with from and or nor but as that which who whose is are was
    were be been has have had will would shall should may might must can could its their his her
    our your my this these those into between under over than per via not no if when while where
    after before during since until about against among through paragraph
    paragraphs subparagraph article articles section sections resolution resolutions de la du van
    von bin ibn"""
)
# A single capital after one of these is a label, not an initial ("Plan B. Troops...").
_LABELLED: Final = _words(
    """War Phase Part Class Type Category Title Annex Appendix Plan Vitamin Hepatitis Group Team
    Company Section Zone Area Block Exhibit Schedule Tier Table Sector Camp Grade Stage Option
    Chapter and Point Battery Troop Squadron Site Building Gate Hall"""
)
# First halves that keep their hyphen when a line ends after it.
_KEEP_HYPHEN: Final = _words("self well long short high low full half cross vice non ill two")
# What goes on with "Washington, D.C."; any other capital there opens a sentence.
_AFTER_WASHINGTON: Final = _WEEKDAYS_MONTHS | _words(
    """Area Bar Chapter Circuit Council Metro Metropolitan Mayor National Office Police Region
    Superior"""
)
_DOMAINS: Final = _words("org com net gov mil int edu info io uk eu us")

# --- patterns -------------------------------------------------------------------------------

_LINE_END_CHARS: Final = "\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029"
_LINE_END: Final = re.compile(rf"[{_LINE_END_CHARS}]\s*")
_ANY_LINE_END: Final = re.compile(rf"[{_LINE_END_CHARS}]")
_ONE_LINE_END: Final = re.compile(rf"\r\n|[{_LINE_END_CHARS}]")
INVISIBLE: Final = "".join(
    chr(c)
    for low, high in (
        (0x180E, 0x180E),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x2064),
        (0x2066, 0x2069),
        (0xFEFF, 0xFEFF),
    )
    for c in range(low, high + 1)
)
"""Characters without width, which `normalise` drops."""

# Bounded repeats only: with an unbounded run before the white space, a million dots would take
# time in the square of their number.
_STOP: Final = re.compile(
    r"""[.?!…؟۔。！？।]
        (?:
            ( ["'”’»›)\]}*_]{0,8}          # what closes belongs to the sentence before
              (?:\[\d{1,3}\]|\d{1,2})?     # a footnote mark
              (?:\ [”»)\]}])? )
            \s+
          | (?<=[a-z][a-z]\.)(?=[A-Z])     # "said.The"
        )""",
    re.VERBOSE,
)
_LEAD: Final = re.compile(rf"[\s\"'“”„‘’«»‹›(\[{{<>*_#\-–—•·▪●◦…$£€¥§¡¿.{INVISIBLE}]{{0,16}}")
_LETTERS: Final = re.compile(r"[^\W\d_]{1,40}")
_PARTICLE: Final = re.compile(r"(?:al|el|as|ar|an|ash|at|ad|az|ul|bin|ibn|de|von|van)[-’' ][A-Z]")
_INLINE_ITEM: Final = re.compile(r"\((?:[a-z]|[ivx]{1,5}|\d{1,3})\)\s")
_NUMBER_LIKE: Final = re.compile(r"[A-Z/.-]{0,8}\d|[IVXLC]{2,7}\b|[VXLC]\b|I\b(?![ ’'][a-z])")
_TAIL: Final = re.compile(r"[\s\"“„‘«(\[{<>/–—|*_-]+")
_DOTTED: Final = re.compile(r"(?:[A-Za-z]{1,4}\.){1,6}[A-Za-z]{1,4}")
_CLOCK: Final = _words("a.m p.m A.M P.M")
_CLOCK_PLACE: Final = re.compile(r"[A-Z][\w-]{1,20}(?: [A-Z][\w-]{1,20})? [Tt]ime\b")
# Like "Brgd" or "Sgmt": no vowel, so no word.
_NO_VOWEL: Final = re.compile(r"(?!Hm|Mm|Sh|Ps)[B-DF-HJ-NP-TV-XZ][b-df-hj-np-tv-xz]{1,5}")
_ATTRIBUTION: Final = re.compile(
    r"(?:[A-Z][\w.’'-]{0,20}\s){1,4}"
    r"(?:said|asked|told|added|replied|wondered|shouted|demanded|responded|quipped|wrote)\b"
)
_GLUED_LEFT: Final = re.compile(r"[\"“‘'(]?(?:[A-Za-z][a-z]{0,24}-)?[A-Za-z]?[a-z]{2,24}")
_GLUED_RIGHT: Final = re.compile(r"([A-Z][A-Za-z]{0,24})(?:[’'](?:s|ve|re|ll|d))?[,;:”\"’'.?!)]?")

_ROMAN: Final = "[IVXLC]{1,6}|[ivxlc]{1,5}"
_CAPTION: Final = (
    r"(?:(?:Section|SECTION|Sec\.|SEC\.|Article|ARTICLE|Art\.|ART\.|Chapter|CHAPTER|Part|PART"
    r"|Rule|Annex|Title|TITLE|§)\s{1,4}(?:\d{1,4}[A-Za-z]?(?:[.-]\d{1,4}){0,3}|[IVXLC]{1,6})"
    r"(?:\([A-Za-z0-9]{1,4}\)){0,3}[.:])"
)
_ENUMERATOR: Final = (
    rf"(?:(?P<number>\d{{1,3}}(?:\.\d{{1,3}}){{0,3}}[.)])"
    rf"|(?P<letter>(?:[A-Za-z]|{_ROMAN})(?:\.?\)|\.))"
    rf"|(?P<paren>\((?:\d{{1,3}}|[A-Za-z]{{1,2}}|{_ROMAN})\)|\[\d{{1,3}}\]))"
)
_BULLET: Final = r"(?P<bullet>[•·▪●◦‣■□►▶➢✓⁃]|[*+](?=\s)|o(?=\s+[A-Z]))"
_DASH: Final = r"(?P<dash>(?:-{1,2}|–|—)(?=\s))"
_ITEM: Final = re.compile(rf"(?:{_BULLET}|{_DASH}|{_ENUMERATOR}(?=\s|$)|(?P<caption>{_CAPTION}))")
_PLAIN_ENUMERATOR: Final = re.sub(r"\?P<\w+>", "?:", _ENUMERATOR)
# Marks that may open a sentence, up to three deep ("II. A. 1. ..."); a stop within is no stop.
_MARKS: Final = re.compile(rf"(?:(?:[•·▪●◦‣■□►▶➢✓⁃*+#>–—-]{{1,6}}|{_PLAIN_ENUMERATOR}|{_CAPTION})(?:\s+|$)){{1,3}}")
_LONE_MARK: Final = re.compile(rf"(?:(?:[•·▪●◦‣■□►▶➢⁃]|{_PLAIN_ENUMERATOR})\s*){{1,3}}|{_CAPTION}")
_LIST_TALK: Final = re.compile(r"\s+(?:and|or|to|above|below|of|through)\b|\s*,")
_CUE: Final = re.compile(
    r"Q(?::|\.|\s)\s*(?=[A-Z“\"‘'(\[—–…])"
    r"|A(?::\s|\s{2,})(?=\S)"
    r"|(?:Question|Answer|Moderator|Operator|Speaker|Interviewer):\s"
    r"|(?=[A-Z][A-Z.])[A-Z][A-Z.’'-]{0,24}(?: [A-Z0-9#][A-Z0-9.’'-]{0,24}){0,6}"
    r"(?: \([^()\r\n]{1,60}\))?:(?=\s)"
)
_QUOTE_MARKS: Final = re.compile(r"(?:> ?)*(?=.)", re.DOTALL)
_RULE_LINE: Final = re.compile(r"[\W_]{3,}$")
_WIDE_GAP: Final = re.compile(r"\S(?: {4,}| *\t\s*)(?=\S)")
_CELL_GAP: Final = re.compile(r"[^\s.?!:;,”\"] {2,}(?=\S)")
_LEADERS: Final = re.compile(r"\.{5}|(?:\. ){5}")
_FINAL_STOP: Final = re.compile(r"[.?!…؟۔。！？।][\"'”’»›)\]}*_]{0,8}(?:\[\d{1,3}\]|\d{1,2})?$")

# Longer lines than this are paragraphs, not wrapped lines; a page shows about 130 characters.
_WRAP_LIMIT: Final = 150
# Below this no prose is wrapped: lines so short are names, titles, cells.
_NARROW: Final = 38
# A wrapped line with the next line's first word would nearly fill the measure. PDF lines are set
# in proportional type, so allow some slack.
_FILL: Final = 0.8

# --- public functions -----------------------------------------------------------------------


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Find the sentences of a text.

    Headings, list items, table rows and the turns of a transcript count as sentences. A list
    mark ("1.", "(a)", a bullet) goes with the text after it. The time taken grows in proportion
    to the length of the text.

    Args:
        text: any string, of any length; line ends may be LF, CRLF, CR or a Unicode separator.

    Returns:
        Spans ``(start, end)`` in code points, end exclusive, in order and not overlapping.
        ``text[start:end]`` is the sentence as written, with the line ends inside it. No span
        begins or ends with white space, and each character that is not white space lies in
        exactly one span. Empty when the text is empty or all white space.

    Raises:
        TypeError: ``text`` is not a string.
    """
    spans: list[tuple[int, int]] = []
    add = spans.append
    for start, end in _blocks(text):
        here = start
        for match in _STOP.finditer(text, start, end):
            stop = match.start()
            if match.end(1) < 0:
                if _cuts_glued(text, here, stop, end):
                    add((here, stop + 1))
                    here = stop + 1
                continue
            after = match.end()
            first = text[after]
            if first in ".…":
                continue
            if first.islower() and text[after + 1 : after + 2].isalpha() and first not in "abdeiuv":
                continue
            if _ends_sentence(text, here, match, end):
                add((here, match.end(1)))
                here = after
        add((here, end))
    return spans


def without_surrogates(text: str) -> str:
    """The text with lone surrogates replaced: JSON can hold them, tokenisers cannot."""
    return _LONE_SURROGATE.sub("\ufffd", text)


def normalise(text: str) -> str:
    """Give the view of a sentence that a model reads.

    Drops soft hyphens and zero-width characters, joins words hyphenated over a line end, turns
    each run of white space into one space, trims both ends and composes to NFC. Quotation marks
    and dashes stay as they are. Applying it twice changes nothing more.

    A hyphen at a line end goes only between two lower-case letters, and stays after words that
    mostly form compounds ("self-", "long-", "non-").

    Args:
        text: any string, of any length.

    Returns:
        The cleaned text, on one line; perhaps empty. Offsets into it do not match ``text``; `offsets` maps them back.

    Raises:
        TypeError: ``text`` is not a string.
    """
    if not text.isascii():
        text = ZERO_WIDTH.sub("", text)
    if _ANY_LINE_END.search(text):
        text = HYPHEN_GAP.sub(join_hyphen, text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.replace("\u00ad", ""))
    return " ".join(text.split())


def is_plain(text: str) -> bool:
    """Whether normalising would change nothing but white space, of which there is only ASCII's; if in doubt, no."""
    if text.isascii():
        return "-" not in text or not _ANY_LINE_END.search(text)
    # What has no width is not printable, nor is any white space but the space.
    return text.isprintable() and unicodedata.is_normalized("NFC", text)


ZERO_WIDTH: Final = re.compile(f"[{INVISIBLE}]")
HYPHEN_GAP: Final = re.compile(r"[-\u2010\u00ad]\s+(?=\S)")


def join_hyphen(match: re.Match[str]) -> str:
    """What stays of a match of `HYPHEN_GAP`: all of it, its hyphen, or nothing."""
    gap = match.group()
    text, at, after = match.string, match.start(), match.end()
    if at == 0 or not _ANY_LINE_END.search(gap):
        return gap
    before, following = text[at - 1], text[after]
    if gap[0] == "\u00ad":
        return "" if following.islower() and before.isalpha() else gap
    if not following.isalnum() or not (before.isalnum() or before in ".)”’'"):
        return gap
    if not (before.islower() and following.islower()):
        return gap[0]
    first_half = _TAIL.split(text[max(0, at - 24) : at])[-1]
    return gap[0] if first_half.lower() in _KEEP_HYPHEN else ""


# --- line ends ------------------------------------------------------------------------------


def _blocks(text: str) -> list[tuple[int, int]]:
    """Stretches that only a stop can divide, without white space at either end."""
    starts: list[int] = []
    ends: list[int] = []
    blank_before: list[bool] = []
    here = len(text) - len(text.lstrip())
    blank = True
    for match in _LINE_END.finditer(text, here):
        stop = match.start()
        if text[stop - 1].isspace():
            stop = here + len(text[here:stop].rstrip())
        gap = match.group()
        starts.append(here)
        ends.append(stop)
        blank_before.append(blank)
        blank = gap != "\n" and _is_blank_gap(gap)
        here = match.end()
    last = len(text.rstrip())
    if here < last:
        starts.append(here)
        ends.append(last)
        blank_before.append(blank)
    if not starts:
        return []
    return _Lines(text, starts, ends, blank_before).blocks()


def _is_blank_gap(gap: str) -> bool:
    if "\f" in gap or "\u2029" in gap:
        return True
    return len(_ONE_LINE_END.findall(gap)) > 1


class _Lines:
    """The lines of a text that hold anything, and which line ends are real breaks."""

    def __init__(self, text: str, starts: list[int], ends: list[int], blank_before: list[bool]) -> None:
        self.text = text
        self.starts = starts
        self.ends = ends
        self.blank_before = blank_before
        self.may_have_rows = "  " in text or "\t" in text or "|" in text or "....." in text
        self.row_memo: tuple[int, bool] = (-1, False)

    def blocks(self) -> list[tuple[int, int]]:
        starts, ends = self.starts, self.ends
        found: list[tuple[int, int]] = []
        begin = starts[0]
        item = self.item_kind(0)
        for i in range(1, len(starts)):
            kind = self.item_kind(i)
            if self.breaks_before(i, item, kind):
                found.append((begin, ends[i - 1]))
                begin = starts[i]
                item = kind
        found.append((begin, ends[-1]))
        return found

    def item_kind(self, i: int) -> str | None:
        match = _ITEM.match(self.text, self.starts[i], self.ends[i])
        return match.lastgroup if match else None

    def breaks_before(self, i: int, open_item: str | None, kind: str | None) -> bool:
        """Whether the line end before line i is a real break.

        ``open_item`` is the kind of list mark that opened the block before, ``kind`` that of
        line i itself.
        """
        text = self.text
        start, above, above_end = self.starts[i], self.starts[i - 1], self.ends[i - 1]
        if above_end - above <= 24 and _LONE_MARK.fullmatch(text, above, above_end):
            return False
        first = text[start]
        if first == ">":  # quoted mail
            quote = _QUOTE_MARKS.match(text, start, self.ends[i])
            assert quote is not None
            start = quote.end()
            first = text[start]
        blank = self.blank_before[i]
        last = text[above_end - 1]
        lower = first.islower() and kind is None
        if lower:
            if blank:
                return not self.goes_on_below(i - 1)
            if not self.may_have_rows:
                return last in ";:" and self.is_item_end(i)
        if blank:
            # "since\n\n2017." at the turn of a page
            if kind is not None or not first.isdigit():
                return True
            return last != "," and self.last_word(i - 1) not in _OPEN_ENDED
        if self.may_have_rows and (self.is_row(i - 1) or self.is_row(i)):
            return True
        if lower:
            return last in ";:" and self.is_item_end(i)
        if last == "-" and first.isalpha():
            return False
        if first == "#" or text[above] == "#" or first == "|":
            return True
        if not first.isalnum() and _RULE_LINE.match(text, start, self.ends[i]):
            return True
        if not last.isalnum() and _RULE_LINE.match(text, above, above_end):
            return True
        if kind == "bullet":
            return True
        final = not last.isalnum() and bool(_FINAL_STOP.search(text, max(above, above_end - 14), above_end))
        if _CUE.match(text, start, self.ends[i]):
            word = self.last_word(i - 1)
            if final or not word.isupper() or len(word) < 3:
                return True
        if kind is not None:
            verdict = self.item_breaks(i, open_item, kind, final)
            if verdict is not None:
                return verdict
        if first == "(" and kind is None and not final:
            return False
        return self.new_line_breaks(i, final)

    def goes_on_below(self, i: int) -> bool:
        """Whether line i, before a blank line and a lower-case letter, is broken off."""
        last = self.text[self.ends[i] - 1]
        if last in ",-" or last.islower():
            return True
        return last.isalnum() and self.ends[i] - self.starts[i] >= 40

    def is_item_end(self, i: int) -> bool:
        """Whether the colon or semicolon that ends line i - 1 ends a line of a list."""
        return self.is_short(i) or self.width(i) < _NARROW

    def item_breaks(self, i: int, open_item: str | None, kind: str, final: bool) -> bool | None:
        """Whether line i, which begins like a list item, is one; None when that is open."""
        text = self.text
        last = text[self.ends[i - 1] - 1]
        word = self.last_word(i - 1)
        match = _ITEM.match(text, self.starts[i], self.ends[i])
        assert match is not None
        if kind in ("number", "letter", "paren") and _LIST_TALK.match(text, match.end()):
            return None if final else False
        if last in ":;" or (word in ("and", "or") and self.second_last_ends(i - 1, ";,")):
            return True
        if kind == "dash":
            if final or open_item == "dash" or self.is_short(i):
                return True
            return None
        if final:
            # "31 May\n5. The" cannot be told from a list; an abbreviation before can.
            return None if _ABBREVIATIONS.get(word.rstrip(".")) else True
        if word in _OPEN_ENDED or word in _WEEKDAYS_MONTHS:
            return False
        if open_item == kind and last != ",":
            return True
        if self.is_short(i) or self.width(i) < _NARROW:
            return True
        return None

    def second_last_ends(self, i: int, chars: str) -> bool:
        words = self.text[max(self.starts[i], self.ends[i] - 40) : self.ends[i]].rsplit(None, 2)
        return len(words) > 1 and words[-2][-1] in chars

    def new_line_breaks(self, i: int, final: bool) -> bool:
        """The verdict from the lengths of the lines, for a line that opens like a sentence."""
        text = self.text
        width = self.width(i)
        if final:
            if width > _WRAP_LIMIT or self.is_short(i):
                return _ABBREVIATIONS.get(self.last_word(i - 1).rstrip(".")) != _NEVER
            return False
        word = self.last_word(i - 1)
        if word in _OPEN_ENDED or text[self.ends[i - 1] - 1] == ",":
            return False
        if width > _WRAP_LIMIT or width < _NARROW or self.is_short(i):
            return True
        return self.is_listing(i)

    def window(self, i: int) -> tuple[int, int]:
        """Indices of the lines about the line end before line i that no blank line parts."""
        low = high = i
        while low > 0 and low > i - 5 and not self.blank_before[low]:
            low -= 1
        last = min(len(self.starts), i + 5)
        while high + 1 < last and not self.blank_before[high + 1]:
            high += 1
        return low, high + 1

    def width(self, i: int) -> int:
        low, high = self.window(i)
        return max(self.ends[k] - self.starts[k] for k in range(low, high))

    def is_short(self, i: int) -> bool:
        """Whether line i - 1 ends well before its measure, so that its end was meant."""
        return self.is_short_in(i, self.width(i))

    def is_short_in(self, i: int, width: int) -> bool:
        start = self.starts[i]
        stop = min(self.ends[i], start + 30)
        space = self.text.find(" ", start, stop)
        word = (space if space >= 0 else stop) - start
        return self.ends[i - 1] - self.starts[i - 1] + 1 + word <= _FILL * width

    def is_listing(self, i: int) -> bool:
        """Whether most line ends nearby were meant, as in a list of names."""
        low, high = self.window(i)
        if high - low < 3:
            return False
        width = self.width(i)
        meant = sum(self.is_short_in(k, width) for k in range(low + 1, high))
        return 2 * meant >= high - low - 1

    def last_word(self, i: int) -> str:
        tail = self.text[max(self.starts[i], self.ends[i] - 40) : self.ends[i]]
        return tail.rsplit(None, 1)[-1]

    def is_row(self, i: int) -> bool:
        if self.row_memo[0] == i:
            return self.row_memo[1]
        text, start, end = self.text, self.starts[i], self.ends[i]
        row = False
        if (
            text.find("  ", start, end) >= 0
            or text.find("\t", start, end) >= 0
            or text.find("|", start, end) >= 0
            or text.find("....", start, end) >= 0
        ):
            mark = _MARKS.match(text, start, end) or _CUE.match(text, start, end)
            after = mark.end() if mark else start
            row = (
                text.count("|", start, end) > 1
                or _WIDE_GAP.search(text, after, end) is not None
                or _LEADERS.search(text, after, end) is not None
                or (
                    len(_CELL_GAP.findall(text, after, end)) > 1
                    and any(c.isdigit() for c in text[start : min(end, start + 200)])
                )
            )
        self.row_memo = (i, row)
        return row


# --- stops ----------------------------------------------------------------------------------


def _ends_sentence(text: str, start: int, match: re.Match[str], end: int) -> bool:
    """Whether the stop of ``match`` ends the sentence that began at ``start``."""
    stop, after = match.start(), match.end()
    at = after
    if not text[at].isalnum():
        lead = _LEAD.match(text, at, end)
        assert lead is not None
        at = lead.end()
        if at >= end:
            return False
    first = text[at]
    if first.islower() and not _PARTICLE.match(text, at, end) and not _INLINE_ITEM.match(text, after, end):
        return False
    if stop == start:
        return False
    if stop - start < 40:
        marks = _MARKS.match(text, start, after)
        if marks and marks.end() >= after:
            return False
    if text[stop] == ".":
        before = text[stop - 1]
        if before == "." or before == "…" or (before == " " and text[stop - 2] in ".…"):
            return _ellipsis_ends(text, start, stop, at, end)
        if match.end(1) - stop > 1 and text[match.end(1) - 1].isdigit():
            return before.isalpha() and _word_ends(text, start, stop, after, at, end)
        return _word_ends(text, start, stop, after, at, end)
    if text[stop] == "…":
        return _ellipsis_ends(text, start, stop, at, end)
    if text[stop - 1] in "([":
        return False
    # '"Will it hold?" Gen. Lopez asked.'
    quoted = match.end(1) > stop + 1 and text[match.end(1) - 1] in "\"'”’»"
    return not (quoted and _ATTRIBUTION.match(text, after, end))


def _ellipsis_ends(text: str, start: int, stop: int, at: int, end: int) -> bool:
    run = text[max(start, stop - 15) : stop + 1]
    dots = 0
    for char in reversed(run):
        if char == ".":
            dots += 1
        elif char == "…":
            dots += 3
        elif char != " ":
            break
    if dots == 4:
        return text[at].isupper() and stop - start > 15
    if dots > 4:
        return False
    return stop - start > 15 and end - at > 12 and _opens(text, at, end, lower_before=True)


def _word_ends(text: str, start: int, stop: int, after: int, at: int, end: int) -> bool:
    """Whether a single full stop ends the sentence, by the word before and what follows."""
    left = text[max(start, stop - 32) : stop]
    parts = left.rsplit(None, 1)
    if not parts:
        return False
    word = parts[-1]
    if not word.isalpha():
        word = _TAIL.split(word)[-1].replace("’", "'")
        if not word:
            return True
    first = text[at]
    dashed = text[after] in "-–—"
    kind = _ABBREVIATIONS.get(word)
    if kind is None:
        if len(word) == 1:
            return word.isdigit() or _letter_ends(text, word, parts, dashed, at, end)
        if "." in word and _DOTTED.fullmatch(word):
            return _dotted_ends(text, word, parts, dashed, at, end)
        if _NO_VOWEL.fullmatch(word):
            return not dashed and _opens(text, at, end, lower_before=True)
        return True
    if kind == _NEVER:
        return False
    if kind == _NUMBER:
        if _NUMBER_LIKE.match(text, at, end):
            return False
        return len(word) > 1 or _letter_ends(text, word, parts, dashed, at, end)
    if dashed or first.isdigit() or stop - start == len(word):
        return False
    return _opens(text, at, end, lower_before=True)


def _letter_ends(text: str, letter: str, parts: list[str], dashed: bool, at: int, end: int) -> bool:
    if dashed or text[at].isdigit():
        return False
    if letter.isupper() and len(parts) > 1:
        label = parts[0].rsplit(None, 1)[-1] if parts[0] else ""
        if label.capitalize() in _LABELLED:
            return not text.startswith(".", at + 1)
    return _opens(text, at, end, lower_before=True)


def _dotted_ends(text: str, word: str, parts: list[str], dashed: bool, at: int, end: int) -> bool:
    pieces = word.split(".")
    if pieces[-1] in _DOMAINS and len(pieces[0]) > 1:
        return True
    if word.lower() in ("e.g", "i.e", "h.e", "c.f") or _ABBREVIATIONS.get(pieces[-1]) == _NEVER:
        return False
    if dashed or text[at].isdigit() or (len(parts) == 1 and len(word) < 32):
        return False
    if word in _CLOCK:
        match = _LETTERS.match(text, at, end)
        if match is None:
            return True
        return match.group() not in _AFTER_CLOCK and not _CLOCK_PLACE.match(text, at, end)
    earlier = parts[0].rsplit(None, 1)[-1] if len(parts) > 1 and parts[0] else ""
    if earlier == "Washington," and text[at - 1].isspace():
        match = _LETTERS.match(text, at, end)
        return match is not None and match.group() not in _AFTER_WASHINGTON
    return _opens(text, at, end, lower_before=earlier[:1].islower())


def _opens(text: str, at: int, end: int, *, lower_before: bool) -> bool:
    """Whether the word at ``at`` opens a sentence, rather than goes on with a name.

    ``lower_before`` is false where capitals are no sign, as in a headline.
    """
    match = _LETTERS.match(text, at, end)
    if match is None:
        return False
    word = match.group()
    stop = match.end()
    following = text[stop] if stop < end else ""
    if following in ("-", "."):
        return False
    if word.isupper() and len(word) > 1:
        return word in _CAPITAL_OPENERS
    if word not in _OPENERS:
        return False
    beyond = text[stop + 1] if stop + 1 < end else ""
    if word in ("A", "I"):
        return beyond.islower()
    if word == "Under" and text.startswith("Sec", stop + 1):
        return False
    return lower_before or word not in _WEAK_OPENERS or not beyond.isupper()


def _cuts_glued(text: str, start: int, stop: int, end: int) -> bool:
    """Whether to cut "said.The" after its stop.

    Only where the whole chunk has the plain form for which spaCy's tokenizer cuts it too; web
    addresses, file names and initials have not.
    """
    low = max(start, stop - 52)
    left = text[low:stop]
    word = left.rsplit(None, 1)[-1] if left else ""
    if low > start and len(word) == len(left):
        return False
    right = text[stop + 1 : min(end, stop + 42)].split(None, 1)[0]
    if not _GLUED_LEFT.fullmatch(word):
        return False
    match = _GLUED_RIGHT.fullmatch(right)
    if match is None:
        return False
    bare = _TAIL.split(word)[-1].strip("'")
    if bare in _ABBREVIATIONS:
        return False
    if match.group(1) in _OPENERS:
        return len(match.group(1)) > 1
    return bare.islower() and len(bare) > 2 and len(match.group(1)) > 2
