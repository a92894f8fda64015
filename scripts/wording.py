"""The words that hold in every catalogue and guide, for check_catalogues.py; docs/wording.md explains them."""

RIVALS: dict[str, dict[str, str]] = {
    "en": {
        r"\b[Aa]larm rules?\b": "scheduled alarm",
        r"\b[Ll]og(s|ged|ging)?[- ](in|on|out|off)\b|\b[Ll]ogins?\b(?! window)": "sign in, sign out",
        r"\b[Ee]mails?\b": "mail; e-mail address",
        r"\b[Pp]hone lock\b": "Phone Lock",
        r"\b[Cc]ost center": "cost centre",
        r"\b[Oo]rgani[sz]ation units?\b": "unit",
        r"\b[Vv]oice[- ]mail": "voicemail",
        r"\b[Tt]iles?\b": "widget",
        r"\b[Ll]ine assignment": "extension assignment",
        r"\b\w*(rganiz|inimiz|ynchroniz|uthoriz|avorit|anceled|ialed\b)\w*": "British spelling",
    },
    "de": {
        r"Alarmregel": "geplanter Alarm",
        r"Durchwahl": "Nebenstelle",
        r"[Ll]og-?in\b|[Ee]inlogg|[Aa]uslogg": "Anmeldung, anmelden, abmelden",
        r"[Ee]ntgangen": "verpasst",
        r"Anruftyp|Gesprächsart": "Verbindungsart",
        r"\bCarrier|\bProvider|Mobilfunkanbieter": "Netzbetreiber",
        r"Supervisor|Vorgesetzt": "Führungskraft",
        r"Niederlassung|\bFiliale": "Standort",
        r"\bKachel": "Widget",
        r"\bEmail": "Mail, E-Mail",
    },
    "fr": {
        r"[Rr]ègles? d’alarme": "alarme planifiée",
        r"\b[Ee]xtensions?\b": "poste",
        r"\b[Cc]ourriel": "e-mail",
        r"\b[Ll]ogin\b": "connexion",
        r"\b[Dd]épartement": "service",
        r"\b[Ff]ournisseur": "opérateur",
        r"\b[Aa]gences?\b|\b[Bb]ureaux\b": "site",
        r"\b[Aa]ppels? perdus?\b": "appel manqué",
        r"\b[Tt]uile": "widget",
    },
    "es": {
        r"\b[Rr]eglas? de alarma": "alarma programada",
        r"\b[Ee]-?mail": "correo",
        r"\b[Gg]ateways?\b|[Pp]uertas? de enlace": "pasarela",
        r"\b[Oo]ficina": "sede",
        r"[Cc]entros? de costos?\b": "centro de coste",
        r"\b[Pp]roveedor": "operador",
        r"\b[Mm]osaico": "widget",
    },
    "ar": {
        r"(قاعدة|قواعد) (ال)?تنبيه": "تنبيه مجدول",
        r"إنذار": "تنبيه",
        r"تحويلة": "رقم داخلي",
    },
    "pl": {
        r"\b[Rr]eguł\w* alarm": "zaplanowany alarm",
        r"\b[Ww]idget|\b[Gg]adget": "widżet, gadżet",
        r"\b[Dd]ostawc": "operator",
        r"\bMPK\b|[Mm]iejsc\w* powstawania": "centrum kosztów",
        r"\b[Kk]afel": "widżet",
    },
    "it": {
        r"\b[Rr]egol\w+ di allarme": "allarme pianificato",
        r"\b[Dd]erivazion|\b[Ee]stension": "interno",
        r"(?<![-\w])[Mm]ail\b|\b[Ee]mail\b": "e-mail",
        r"chiamat\w+ mancat": "chiamata persa",
        r"\b[Ll]ogin\b": "accesso",
    },
}
"""Words that stand for nothing here, by language, as patterns; and what is said instead."""

STEMS: dict[str, dict[str, str]] = {
    r"\bscheduled alarms?\b": {
        "de": "geplant", "fr": "planifi", "es": "programad", "ar": "مجدول", "pl": "zaplanowan", "it": "pianificat",
    },
    r"\balarms?\b": {"de": "alarm", "fr": "alarme", "es": "alarma", "ar": "تنبيه", "pl": "alarm", "it": "allarm"},
    r"\bextensions?\b": {
        "de": "nebenstelle", "fr": "poste", "es": "extensi", "ar": "داخلي", "pl": "wewn", "it": r"\bintern",
    },
    r"\bdepartments?\b": {
        "de": "abteilung", "fr": "service", "es": "departament", "ar": "قسم|أقسام", "pl": "dział", "it": "repart",
    },
    r"\bcost centres?\b": {
        "de": "kostenstelle", "fr": "centres? de coûts", "es": "centros? de coste", "ar": "(مركز|مراكز) (ال)?تكلفة",
        "pl": "centr(um|a|ów|om|ami|ach) kosztów", "it": "centr[oi] di costo",
    },
    r"\boffices?\b": {
        "de": "standort", "fr": "site", "es": "sede", "ar": "مكتب|مكاتب", "pl": "biur", "it": r"\bsed[ei]\b",
    },
    r"\bphone systems?\b": {
        "de": "telefonanlage", "fr": "système", "es": "centralita", "ar": "نظام|أنظمة", "pl": "system", "it": "sistem",
    },
    r"\bgateways?\b": {
        "de": "gateway", "fr": "passerelle", "es": "pasarela", "ar": "بواب", "pl": "bram", "it": "gateway",
    },
    r"\bcarriers?\b": {
        "de": "netzbetreiber", "fr": "opérateur", "es": "operador", "ar": "مشغ", "pl": "operator", "it": "operator",
    },
    r"\bcall records?\b": {
        "de": "anrufdatens", "fr": "ticket", "es": "registro", "ar": "سجل", "pl": "rekord", "it": "record",
    },
    r"\bcall types?\b": {
        "de": "verbindungsart", "fr": "types? d’appel", "es": "tipos? de llamada", "ar": "(نوع|أنواع) (ال)?مكالم",
        "pl": r"\btyp\w* połącze", "it": "tip[oi] di chiamat",
    },
    r"\bwidgets?\b": {
        "de": "widget", "fr": "widget", "es": "widget", "ar": "أداة|أدوات", "pl": "widżet", "it": "widget",
    },
    r"\bbudgets?\b": {
        "de": "budget", "fr": "budget", "es": "presupuest", "ar": "ميزاني", "pl": "budże", "it": "budget",
    },
}  # fmt: skip
"""What a translation holds, in any inflection, when the English text holds a term; capitals do not matter."""
