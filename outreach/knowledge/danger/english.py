"""The signs in English. One pattern a line; `a & b`: both, anywhere in the message."""

from __future__ import annotations

_BEARING = (
    r"\b(?:pregnan\w*|weeks? along|in labou?r|contractions?|gave birth|giving birth|after birth"
    r"|postpartum|just delivered|trimester|due date|expecting|miscarr\w+|c-section|prego|preggo)\b"
)
_NO_BILL = r"(?!.*\b(?:free|costs?|bills?|pay|paid|insur\w*|reimburs\w*)\b)"
_CHILD = (
    r"\b(?:baby|babies|newborn|infant|toddler|child|children|kid|kids|son|daughter|boy|girl|little one"
    r"|grandson|granddaughter|\w+-year-old|month-old)\b"
)
_HITS = (
    r"(?:hit|hits|hitting|beat|beats|beating|beaten|punch\w*|slap\w*|kick\w*|chok\w+|strangl\w+|hurt"
    r"|hurts|hurting|attack\w*|abus\w+|rap(?:e|ed|es|ing)|molest\w*|assault\w*|stab\w*|threaten\w*"
    r"|burn(?:s|ed|ing)?|shov\w+|tortur\w+)"
)
_HE = (
    r"(?:he|she|husband|hubby|partner|boyfriend|wife|girlfriend|ex|man|father|dad|stepfather|stepdad"
    r"|stepmother|mother|mum|mom|brother|uncle|in-laws?|mother-in-law|father-in-law|son|teacher"
    r"|neighbou?r|they|someone|somebody|nanny)"
)

SIGNS = {
    "self_harm": r"""
\bkill (?:my ?self|me please|himself|herself|themselves)
\bkilling (?:my ?self|himself|herself)
\bsuicid
\b(?:want|wanna|wants|going|ready|prefer|wish|wishing|thinking about|think about|trying
|tried) (?:to )?(?:die|dying|be dead|end it|end it all|disappear forever|not wake up|never wake up)\b
\bwish (?:i|he|she) (?:was|were) dead
\bwish (?:i|she|he) (?:was|were) never born
\bend (?:my|her|his|their) (?:own )?life
\bending (?:my|her|his) (?:own )?life
\b(?:take|taking|took) (?:my|her|his) own life
\bend it all\b
\b(?:do not|don'?t|dont|no longer|not) (?:want|wanna|wish) to (?:live|be alive|be here anymore|exist
|wake up|go on)
\b(?:no|without a|any) (?:reason|point|will) (?:to live|in living|of living|to go on|in going on)
\b(?:life|living|it) is(?: not|n'?t) worth (?:it|living)
\bnot worth living
\b(?:can ?not|can'?t|cant) (?:go on|live like this|live anymore|take it any ?more|keep going
|bear it any ?more)\b
\b(?:hurt|hurting|harm|harming|cut|cutting|burn|burning) (?:my ?self|herself|himself)
\bself[- ]?harm
\bslit (?:my|her|his) wrists?
\bcut(?:ting)? (?:my|her|his) wrists?
\b(?:hang|hanging|drown|shoot) (?:my ?self|herself|himself)
\bjump (?:off|from) (?:a|the|my|this) (?:bridge|building|roof|balcony|window|cliff)
\bbetter off (?:dead|without me)
\b(?:harm|hurt|kill|smother|drown|shake) (?:my|the|our|her) (?:own )?(?:baby|child|kid|son|daughter|newborn)
\b(?:suicide|goodbye) (?:note|letter)
\bkms\b
""",
    "violence": rf"""
\b{_HE} (?:\w+ ){{0,3}}?{_HITS} (?:me|her|him|us|my|the|our|them)\b(?! (?:up|back) (?:on|tomorrow|later))
\b(?:is|are|was|were|am|i'?m|being|been|get|gets|got|getting) (?:\w+ ){{0,2}}?(?:beaten|hit by|raped
|molested|abused|assaulted|choked|strangled|stabbed|attacked|punched|kicked|slapped|trafficked
|locked up)\b
\bdomestic (?:violence|abuse)
\b(?:hits|beats|punches|slaps|kicks|chokes|strangles|rapes|abuses|molests|threatens) (?:me|her|us|him|them
|my|his wife|the kids?|the child|the children|our)\b
\brap(?:e|ed|ist|ing)\b
\bsexual(?:ly)? (?:abus\w+|assault\w*|harass\w*|violence)
\b(?:child|physical|sexual|emotional|elder) abuse
\babus(?:ive|es|ed|ing) (?:husband|partner|boyfriend|wife|father|man|relationship|me|her|my|us|him|the)
\bmolest
\b(?:stepdad|stepfather|dad|father|uncle|teacher|boss|he|brother|neighbou?r) (?:\w+ )?(?:touch\w*
|grop\w*) (?:me|my (?:daughter|son|child|kid)|her)\b
\b(?:touch\w*|grop\w*) (?:me|her|my (?:daughter|son|child|kid)) (?:\w+ )?(?:inappropriately|private
|down there|breast|body|against)
\b(?:forc\w+|mak\w+) (?:me|her|us) (?:to )?(?:have sex|sleep with|into sex|into bed|undress
|into prostitution)
\b(?:going|want\w*|threaten\w*|try|trying|tried|will|gonna|said he'?(?:ll| will| would)) (?:to )?(?:kill
|murder|stab|hurt|beat) (?:me|us|her|my|the kids|him)\b
\bwon'?t let me (?:leave|out|go out|see|call)
\block(?:ed|s) me (?:in|up|inside)
\b(?:knife|gun|axe) (?:at|to) (?:me|my|her|us)
\b(?:with|has|had|holding|pulled) (?:a|the|his) (?:knife|gun|axe)\b
\b(?:afraid|scared|terrified) of (?:my|him|the) ?(?:husband|partner|boyfriend|father|ex|dad|man
|stepfather)?(?: |$|,|\.)
\bstalking me
\b(?:human )?traffick
\bwomen'?s shelter
\bbattered (?:wife|woman)
\bblack eye
""",
    "birth": rf"""
\b(?:my |her )?water(?:s)? (?:just |has |have |had |is |are |already )*(?:broke|broken|breaking|burst
|leaking|gone)
\b(?:no|not felt|haven'?t felt|less|reduced|decreased|stopped|fewer|can'?t feel|cannot feel|not feeling
|don'?t feel) (?:any |the |my |much )?(?:f(?:o)?etal |baby'?s? )?(?:movements?|kicks?|kicking|moving
|baby move|baby kick|bump move)
\bbaby(?:'s)?(?: is| has)? (?:hasn'?t|isn'?t|is not|has not|not|stopped|barely|hardly
|no longer) (?:mov(?:ing|ed|e)|kick(?:ing|ed))\b
\bbaby (?:has )?stopped (?:moving|kicking)
{_BEARING} & \bbleed|\bblood\b(?! (?:test|type|pressure|sugar|work|donat|group|count))|\bspotting\b
|\bhemorrhag|\bhaemorrhag
\b(?:wife|she|i|girlfriend|sister|daughter|mother)(?:'s|'m| is| am| was)? (?:\w+ )?hemorrhag
|\bha?emorrhag(?:e|ing)\b
{_BEARING} & \b(?:severe|bad|terrible|strong|sharp|intense|unbearable|awful|worst|horrible
|sudden) (?:\w+ )?(?:pain|headache|cramps?|cramping|stomach ?ache)|\bpain (?:is )?(?:so )?(?:bad|severe
|unbearable|terrible)
{_BEARING} & \b(?:blurr(?:y|ed)|can'?t see|cannot see|seeing (?:spots|stars|double)|vision)\b
{_BEARING} & \b(?:seizures?|convuls\w+|having a fit|fits\b|fitting|shaking all over|passed out|fainted
|faint(?:ing)?|collapsed|unconscious|unresponsive)
{_BEARING} & \b(?:high fever|fever of (?:39|40|41|10[2-6])|39 ?(?:c|degrees)|40 ?(?:c|degrees)
|temperature of (?:39|40|41|10[2-6])|fever)\b
{_BEARING} & \b(?:can'?t|cannot|hard to|trouble|difficulty|struggling to|difficult to) (?:breath|breathing
|breathe)|\bshort(?:ness)? of breath|\bchest pain
{_BEARING} & \bitch(?:y|ing)(?: \w+)? (?:all over|everywhere|hands|palms|whole body)
{_BEARING} & \b(?:fell (?:down|over|off|on)|car accident|car crash|hit by a|hit my belly|fall down)\b
\bcontractions? (?:are |is )?(?:every|\w+ )?(?:\d|one|two|three|four|five|few)
\b(?:labou?r|baby is coming|baby'?s coming|giving birth|delivering){_NO_BILL} (?:\w+ ){{0,4}}(?:now|at home
|in the car|early|on the way|alone|too early|already)
\bbaby(?:'s| is) coming\b
\b(?:head|cord|foot|arm) is (?:coming )?out\b
\b(?:umbilical )?cord (?:is )?(?:hanging|out|came|prolaps)
\bpre-?eclampsia|\beclampsia
\bpremature labou?r
\bectopic
\b(?:heavy|heavily|lots of|a lot of|massive|non-?stop) (?:vaginal )?(?:bleeding|blood) (?:from
|down) (?:my |the |her )?(?:vagina|below|there|down there|private)
\bvaginal bleeding
\bbleeding (?:from )?down (?:there|below)
\bblood clots?\b & {_BEARING}
\bplacenta (?:is |has |did ?n'?t |hasn'?t |won'?t |not )+(?:come|came|out|deliver|detach|abrupt)
""",
    "child": rf"""
{_CHILD} & \b(?:not breathing|isn'?t breathing|stopped breathing|can'?t breathe?|cannot breathe?
|trouble breathing|difficulty breathing|struggling to breathe|hard to breathe|breathing (?:fast|hard
|very fast)|gasping|wheez\w+ badly)
{_CHILD} & \b(?:seizures?|convuls\w+|having a fit|eyes (?:are )?roll\w*|shaking uncontroll\w+|foaming)
{_CHILD} & \b(?:chok\w+|suffocat\w+|something stuck in|stuck in (?:his|her|the|my) (?:throat|windpipe))
{_CHILD} & \b(?:swallow\w*|drank|drunk|ate|eaten|drinking|ingest\w*) (?:\w+ ){{0,5}}?(?:battery|batteries
|coin|magnet\w*|pills?|bleach|poison|pesticide|detergent|medicine|tablets|nail|needle|cleaner|rat poison
|chemical\w*|cleaning|gasoline|petrol|alcohol|button|insecticide|lye)
{_CHILD} & \b(?:unconscious|unresponsive|won'?t wake|wo n't wake|not waking|can'?t wake|cannot wake
|passed out|fainted|collapsed|limp|floppy|not respond\w*)
{_CHILD} & \b(?:turn\w* blue|blue lips|lips (?:are |turned |turning )?(?:blue|purple)|gone blue|is blue
|turning purple|going blue)
{_CHILD} & \b(?:fell|fall|fallen|dropped) (?:\w+ ){{0,3}}?(?:from|off|out of|down|into|on (?:his|her) head
|in the (?:water|river|pool|pond|well))|\bhit (?:his|her|the) head|\bhead injur
{_CHILD} & \b(?:drown\w*|electrocut\w*|electric shock|scald\w*|burn(?:ed|t) (?:badly|himself|herself|with
|by)|boiling water|hit by a (?:car|truck|bike|motor\w*)|run over|snake ?bit\w*|bitten by a snake)
{_CHILD} & \b(?:fever (?:of |over |above |at )?(?:39|40|41|10[3-6])|(?:39|40|41)(?:\.\d)? ?(?:c|degrees|°)
|high fever|very high (?:fever|temperature)|10[3-6] ?(?:f|degrees|fever))
{_CHILD} & \b(?:vomit\w*|cough\w*|poop\w*|throwing up|passing|stool\w*|spitting) (?:\w+ ){{0,2}}?blood
|\bbleeding (?:a lot|badly|heavily|won'?t stop|and|from)|\bwon'?t stop bleeding|\bbloody (?:stool|diarrh)
\b(?:newborn|days? old|baby) (?:\w+ ){{0,4}}(?:won'?t|not|refus\w+ to|stopped|doesn'?t) (?:feed\w*|eat\w*
|nurs\w*|drink\w*|suck\w*|cry)
(?:my|our|the|his|her) {_CHILD} (?:is|has been|was|went|got|are) (?:missing|kidnapp?ed|abducted|taken by
|lost and|stolen)
\b(?:can'?t|cannot) find my (?:son|daughter|child|kid|baby|boy|girl)
\b(?:kidnapp?ed|abducted|stole|took away) (?:my|our) {_CHILD}
(?:save|help) (?:my|our) (?:baby|child|son|daughter|kid)(?:$|[!,. ]+(?:please|he|she|is|now|not|can))
{_CHILD} & \bdying\b|\bis going to die\b|\bno pulse\b|\ballergic (?:shock|reaction)|\banaphyla
{_CHILD} & \blocked in (?:the|a|my) car
""",
    "emergency": r"""
\b(?:can ?not|can'?t|cant|couldn'?t|unable to|hard to|struggling to) breathe?\b
\b(?:not breathing|stopped breathing|no pulse|heart (?:has )?stopped|cardiac arrest)
\b(?:trouble|difficulty) breathing
\b(?:i'?m|i am|she is|she'?s|he is|he'?s|wife is|mother is|father is|is|still|keeps?|been|started|and|me
|now|are) (?:\w+ )?bleeding\b(?! (?:edge|gums|heart))
^bleeding (?:a lot|heavily|badly|non-?stop|so much|now)
\bbleeding (?:a lot|heavily|badly|non-?stop|won'?t stop|so much|everywhere|profusely|to death)
\bheavy bleeding
\bwon'?t stop bleeding
\b(?:cough|vomit|throw|spit)(?:ing|s|ed)?(?: up)? (?:a lot of )?blood
\b(?:lot|lots|so much|pool) of blood\b
\bso much blood
\bunconscious|\bunresponsive|\bpassed out\b|\bcollapsed\b
\b(?:won'?t|can'?t|cannot|not) (?:wake|waking)(?: (?:him|her|up|my \w+|them))? ?(?:up)?\b
\bseizures?\b|\bconvuls
\b(?:heart attack|having a stroke|had a stroke|a stroke\b)
\b(?:severe|crushing|bad|terrible) chest pain|\bchest pain
\bface (?:is )?(?:drooping|droops)
\b(?:poison(?:ed|ing)?|overdos\w*)\b(?! (?:ivy))
\b(?:drank|drunk|swallowed|took|taken|ate|drinking|had) (?:\w+ ){0,4}?(?:pesticide|bleach|rat poison
|poison|insecticide|weed ?killer|paraquat|sleeping pills|whole bottle|bottle of pills|too many pills
|all (?:my|her|his|the) pills|lots of pills|handful of pills|antifreeze)
\bcarbon monoxide|\bgas leak
\b(?:drowning|drowned|electrocuted|electric shock|snake ?bite|bitten by a snake)
\b(?:house|home|building|kitchen) (?:is )?on fire
\b(?:call|need|send|get) (?:me |us )?(?:an )?ambulance
\b(?:i'?m|i am|is|she'?s|he'?s) dying\b
\b(?:car (?:accident|crash)|hit by a (?:car|truck))
\banaphyla|\ballergic shock|\bthroat is (?:swelling|closing)
^(?:please )?(?:help|sos|emergency)[!. ]*(?:help|me now|now|please)+
\bsave (?:me|my life|her|him)\b
\bstabbed\b|\bshot me\b|\bgunshot
""",
}
