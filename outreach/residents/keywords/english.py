"""How residents say in English that they want no more of our messages, or want them again.

As in `chinese`: a pattern covers a whole clause. Apostrophes are gone when it is asked.
"""

from __future__ import annotations

import re

from outreach.residents.keywords.shape import any_of
from outreach.residents.keywords.topics import LATIN_TOPICS

# Words that stop by themselves. The first speak of messages alone; the second could speak of other things.
STOP_SURE = (
    "unsubscribe|unsubscribed|unsubcribe|unsubscibe|unsuscribe|unsubsribe|unsubscrib|un"
    " subscribe|unsub|stopall|stop all|optout"
    "|opt out|opting out|td|opted out|remove me|revoke consent|tuiding"
)
STOP_BARE = (
    "stop|stpo|sotp|cancel|cancell|end|quit|revoke|stop it|stop this|stop that|stop"
    " these|stop them|stop everything|stop all of it|stop now"
)
START_WORDS = (
    "start|unstop|un stop|subscribe|resubscribe|re subscribe|resume|opt in|optin|opt me"
    " in|opt me back in|opting in|restart|reactivate|sign me up|sign me up again"
    "|subscribe me|resubscribe me|i agree|i consent|begin|subscribe again|start again"
    "|resume please|start all|unblock me"
)
HELP_WORDS = (
    "help|info|information|help me|i need help|need help|need some help|i need some help"
    "|more info|more information|menu|commands"
    "|options|instructions|i need info|get help|get info|help info|help menu|show help"
    "|show menu|show me the menu|how does this work|how do i use this|how to use this"
    "|what can you do|what can i do here|what can i ask|user guide|assist|assistance|i"
    " need assistance"
)

_BEFORE = any_of(
    "please|pls|plz|plse|kindly|must|u must|gotta|better|hi|hello|hey|dear sir|sir|madam"
    "|dear|ok|okay|so|just|now|and|i said|again|thanks|thank you|can you|could you"
    "|would you|will you|can u|could u|would u|you|guys|i want to|i want you to|id like"
    " to|i would like to|i need to|i need you to|i wish to"
    "|id like you to|i would like you to|want to|id like|i wanna|wanna|i want|let me|i"
    " have to|i demand that you|i demand you|i ask you to|im asking you to"
    "|i am asking you to|sorry|no|yes|immediately|you must|you need to|u|me|i|make it"
    "|make this|make them|how about you|why dont you|thanks but|from"
    " now on|good morning|good afternoon|good evening|sms"
)
_AFTER = any_of(
    "please|pls|plz|now|thanks|thank you|thank u|thx|ty|cheers|immediately|at once|right"
    " now|right away|already|asap|today|me|all|everything"
    "|it|this|that|ok|okay|from now on|anymore|any more|any longer|again|ever again|ever"
    "|for good|forever|permanently|guys|completely|entirely"
    "|altogether|straight away|this instant|will you|would you|and thanks|many thanks"
    "|kind regards|regards|i mean it|this is spam|its spam|its annoying"
    "|so annoying|annoying|too many|its too much|enough|im not interested|not interested"
    "|fully|us|to me|to us|here"
)
_OF_OURS = any_of(
    "these|those|this|that|your|all|all your|all of your|all the|all of these|all these"
    "|any|any of your|any of these|any more|anymore|any further"
    "|any other|more|more of your|more of these|further|such|the|other|of your|of these"
    "|every|every single|stupid|annoying|unwanted|unsolicited|spam"
    "|junk|damn|bloody|constant|endless|daily|kind of|kinds of|sort of|type of|health"
    "|automated|care|office|so many|me|my|to receive|receiving|getting|of the"
)
_MESSAGES = any_of(
    "messages|message|messsages|mesages|massages|texts|text|texting|text messages|text"
    " message|txt|txts|sms|smses|sms messages|sms message|msgs|msg|notifications"
    "|notification|alerts|alert|spam|updates|communications|communication|contact"
    "|subscription|subscriptions|sms subscription|mailings|mailing"
    "|broadcasts|correspondence|emails|stuff|things|text alerts|sms alerts|push"
    " notifications|messaging|service messages"
)
_DOING = any_of(
    "texting|messaging|sending|contacting|spamming|bothering|writing|writing to"
    "|harassing|pestering|emailing|bugging|annoying|disturbing"
    "|txting|msging|smsing|pinging|notifying|sending to|blowing up|hassling|sending out|with the"
)
_DO = any_of(
    "text|message|msg|contact|write to|write|sms|send|bother|spam|disturb|txt|pester"
    "|harass|notify|ping|email|bug|annoy|send anything|keep texting"
    "|keep messaging|keep sending|keep contacting|ever text|ever message|ever contact"
    "|send to|reach out to|continue texting|continue sending|continue to text|continue"
    " to send"
)
_NOT = any_of(
    "do not|dont|don t|donot|never|no longer|you may not|must not|do not ever|dont ever"
    "|please dont|stop trying to|you should not|no need to|not to"
)
_WHOM = any_of(
    "me|us|this number|this phone|my phone|my number|to me|to this number|to my phone|to"
    " my number|my phone number|my cell|our number"
)


def _sentences(messages: str) -> str:
    """Clauses that end or refuse what `messages` matches."""
    these = (
        rf"(?:(?:{_OF_OURS} ){{0,4}}|(?:these|those|this|your|all|the|any|more) [a-z]+"
        rf" ){messages}(?: (?:from you|from you guys|from your office|from the office|to me|to"
        rf" this number|to my phone|here|of yours|you send|that you send|you are sending"
        rf"|service|services))*"
    )
    wanting = any_of("want|wish|need|like|agree|consent|care|care for|wish for|appreciate|opt|intend|expect")
    getting = any_of(
        "to get|to receive|to be sent|to see|to have|to read|getting|receiving|receive|get"
        "|seeing|having|being sent|reading|to keep getting|to keep receiving|to continue"
        " receiving|to be getting|to be receiving"
    )
    return "|".join(
        (
            rf"(?:stop|quit|end|cease|halt|discontinue)(?: {_DOING})?(?: {_WHOM})?(?: (?:with|of))? {these}",
            (
                rf"(?:unsubscribe|cancel|end|revoke|remove|opt out of|opt out from|opting out of"
                rf"|opt out|turn off|switch off|disable|mute|block|unsub|discontinue|terminate"
                rf"|deactivate|no more|no|get rid of|shut off|stop getting|stop receiving)(?:"
                rf" me)?(?: (?:from|of))? {these}"
            ),
            (
                rf"(?:opt|take|remove|sign|count|leave) me (?:out|off|out of|off of|from)(?: (?:of"
                rf"|from))? {these}"
            ),
            rf"{_NOT} {_DO}(?: {_WHOM})? {these}(?: {_WHOM})?",
            (
                rf"(?:i )?(?:do not|dont|don t|no longer|never|really dont|really do not|dont"
                rf" really) {wanting}(?: (?:{getting}|you to send me|you to send|you sending me))?"
                rf" {these}"
            ),
            rf"(?:i )?(?:refuse|decline|object)(?: {getting})? {these}",
            (
                rf"(?:im|i am) (?:done|finished|through|tired|sick|fed up|sick and tired) (?:with"
                rf"|of)(?: {getting})? {these}"
            ),
            rf"(?:turn|switch|shut) {these} off",
        )
    )


_ALL = "|".join(
    (
        _sentences(f"{_MESSAGES}(?: (?:and |or )?(?:{_MESSAGES}|calls|reminders))?"),
        _sentences(f"(?:reminders|calls) (?:and|or) {_MESSAGES}"),
        r"(?:take|leave|count) me (?:off|out)",
        (
            rf"(?:im|i am) (?:no longer|not) interested in(?: (?:getting|receiving))?(?: {_OF_OURS}"
            rf"){{0,4}} {_MESSAGES}"
        ),
        rf"(?:stop|quit|cease|please cease) {_DOING}(?: {_WHOM})?",
        rf"{_NOT} {_DO} {_WHOM}",
        (
            rf"{_NOT} (?:send|text|message|write) {_WHOM} (?:anything|things|stuff|this|that|these"
            rf"|those)(?: else)?"
        ),
        rf"{_NOT} (?:text|message|sms|spam|contact|send anything)",
        (
            r"(?:i )?(?:do not|dont|no longer|never) (?:want|wish|like|agree|consent) (?:to (?:be"
            r"|get) (?:contacted|texted|messaged|spammed|bothered|disturbed)|to hear from you|to"
            r" hear anything from you|you to (?:text|message|contact|write to|bother) me|you"
            r" texting me|you messaging me|you contacting me|contact from you|to receive anything"
            r"|to receive anything from you|to be on (?:your|this|the) (?:list|mailing list))"
        ),
        (
            r"(?:i )?(?:do not|dont|no longer) want (?:it|these|those|any of these|any of this"
            r"|any more of these|any more|any|this) (?:anymore|any more|any longer|sent to me)"
        ),
        (
            r"(?:take|remove|delete|get|drop|strike|pull) (?:me|my number|my phone|my phone"
            r" number|this number|my name|us|my contact)(?: (?:off|off of|from|out of) (?:of"
            r" )?(?:your|this|the|that|all|any)(?: (?:sms|mailing|text|texting|contact"
            r"|distribution|messaging|phone|call))? (?:lists?|database|system|group|records"
            r"|contacts|service|subscription))"
        ),
        (
            r"(?:remove|delete|unlist|unregister|deregister|delist) (?:me|my number|my phone|my"
            r" phone number|this number|us)"
        ),
        r"(?:opt|count|leave|sign|take) me out",
        (
            r"(?:unsubscribe|unsub|remove|deregister) (?:me|us|this number|my number|my phone)(?:"
            r" (?:from )?(?:all|everything|this|it|your list|the list|this list|your service|the"
            r" service|this service|all services|here))?"
        ),
        (
            r"(?:unsubscribe|opt out|opt me out) (?:from |of )(?:all|everything|this|it|this"
            r" service|the service|your service|this list|your list|the list|here)"
        ),
        (
            r"(?:cancel|end|stop|terminate) (?:my|the|this) (?:subscription|service subscription"
            r"|sms subscription|sms|texts|messages|registration)"
        ),
        r"leave (?:me|us) alone",
        r"lose my number",
        r"no more",
        (
            r"(?:i )?(?:withdraw|revoke|am withdrawing|am revoking|hereby withdraw|hereby revoke"
            r"|take back)(?: (?:my|all|the))*(?: (?:consent|permission|agreement|authorization"
            r"|authorisation))(?: (?:to|for|to receive|for receiving)(?: (?:these|your|all"
            r"|any))*(?: (?:messages|texts|sms|communications)))?"
        ),
        r"(?:i )?(?:do not|dont|no longer) (?:consent|agree)(?: to (?:this|these|being contacted))?",
    )
)
_BARE = rf"(?:{any_of(STOP_SURE)}|{any_of(STOP_BARE)})"
_BEFORES, _AFTERS = rf"(?:{_BEFORE} ){{0,6}}", rf"(?: {_AFTER}){{0,6}}"
STOP_ONE = re.compile(rf"{_BEFORES}{_BARE}(?: (?:{_AFTER}|{_BARE})){{0,6}}")
STOP_FIRM = re.compile(rf"{_BEFORES}(?:{any_of(STOP_SURE)}|{_ALL})(?: (?:{_AFTER}|{_BARE})){{0,6}}")
STOP_ALL = re.compile(rf"{_BEFORES}(?:{_ALL})(?: (?:{_AFTER}|{_BARE})){{0,6}}")
STOP_TOPIC = re.compile(
    rf"{_BEFORES}(?:{_sentences(LATIN_TOPICS)}|(?:stop|cancel|no more) (?:reminding|surveying|asking) me"
    rf"|{_NOT} (?:remind|survey) me|(?:i )?(?:dont|do not|no longer) want to (?:do|answer"
    rf"|take|fill in|fill out|complete) (?:{_OF_OURS} ){{0,4}}{LATIN_TOPICS}|{LATIN_TOPICS}"
    rf" (?:stop|off|unsubscribe)){_AFTERS}"
)
START_ALL = re.compile(
    rf"{_BEFORES}(?:(?:{any_of(START_WORDS)})(?: (?:me )?(?:to |receiving |getting "
    rf"|sending |with )?(?:(?:{_OF_OURS} ){{0,4}}{_MESSAGES}))?"
    rf"|(?:start|resume|restart|begin|keep|continue) (?:texting|messaging|sending"
    rf"|contacting)(?: me)?(?: (?:{_OF_OURS} ){{0,4}}{_MESSAGES})?"
    rf"|(?:to )?(?:get|receive|subscribe to|sign up for|sign up to)(?: (?:{_OF_OURS} ){{0,4"
    rf"}}{_MESSAGES})(?: again)?"
    r"|(?:to )?(?:subscribe|sign up|opt in|opt back in|start again|resubscribe)"
    rf"|(?:turn|switch) (?:back )?on(?: (?:{_OF_OURS} ){{0,4}}{_MESSAGES})|send me(?:"
    rf" (?:{_OF_OURS} ){{0,4}}{_MESSAGES}) again"
    rf"|i agree to(?: (?:get|receive))?(?: (?:{_OF_OURS} ){{0,4}}{_MESSAGES})|start again"
    rf"|sign me (?:back )?up(?: for(?: (?:{_OF_OURS} ){{0,4}}{_MESSAGES}))?"
    rf"){_AFTERS}"
)
START_TOPIC = re.compile(
    rf"{_BEFORES}(?:(?:start|resume|restart|subscribe to|subscribe|resubscribe to|opt in"
    rf" to|turn on|turn back on|switch on|enable|unstop|reactivate|sign me up for|opt me"
    rf" in to|begin|send me|continue|get|receive|keep sending me)"
    rf"(?: (?:sending|receiving|getting))?(?: me)? (?:{_OF_OURS} ){{0,4}}{LATIN_TOPICS}"
    rf"|(?:turn|switch) (?:{_OF_OURS} ){{0,4}}{LATIN_TOPICS} (?:back )?on){_AFTERS}"
)
HELP = re.compile(rf"{_BEFORES}(?:{any_of(HELP_WORDS)})(?: (?:{_AFTER}|{any_of(HELP_WORDS)}))*")
COURTESY = re.compile(
    rf"(?: ?(?:{_BEFORE}|{_AFTER}|regards|bye|goodbye|i dont want (?:these|this|it|them"
    rf"|any|those)|i do not want (?:these|this|it|them|any)|i dont need (?:these|this|it"
    rf"|them)|not for me|you are annoying|good day|yours|sincerely|no thanks|no thank"
    rf" you))+"
)
BUT = (
    r"\b(?:but|except|only|unless|instead|if|until|other|others|keep|still|telegram"
    r"|change|new number|switch|another|rest|for now)\b"
)
