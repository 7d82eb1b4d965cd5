# Meldungen der Seiten auf Deutsch. Jede Sprache hat dieselben Schlüssel mit denselben Variablen.

title-problem = Fehler: { $title }

client-home = Webseite von { $client }
client-policy = Datenschutzerklärung von { $client }
client-terms = Nutzungsbedingungen von { $client }

login-title = Anmelden
login-intro = um mit { $client } fortzufahren
login-again = Bitte bestätigen Sie, dass Sie es sind: Geben Sie Ihr Passwort erneut ein.
login-username = Benutzername
login-password = Passwort
login-submit = Anmelden
login-cancel = Abbrechen
login-problem-credentials = Der Benutzername oder das Passwort stimmt nicht. Bitte prüfen Sie beides und versuchen Sie es erneut.
login-problem-throttled = Es gab zu viele Versuche. Bitte warten Sie einige Minuten und versuchen Sie es dann erneut.
login-problem-busy = Gerade melden sich sehr viele Menschen an. Bitte versuchen Sie es gleich noch einmal.
login-sign-up = Konto anlegen

# Ein Konto anlegen
sign-up-title = Konto anlegen
sign-up-name = Name (freiwillig)
sign-up-email = E-Mail-Adresse (freiwillig)
sign-up-password-hint = Mindestens { $least } Zeichen. Gut sind einige Wörter, die nur Sie so zusammensetzen.
sign-up-repeated = Passwort wiederholen
sign-up-submit = Konto anlegen
sign-up-login = Ich habe ein Konto
sign-up-problem-username = Bitte wählen Sie einen Benutzernamen mit 1 bis 255 Zeichen.
sign-up-problem-taken = Diesen Benutzernamen gibt es schon. Bitte wählen Sie einen anderen.
sign-up-problem-repeated = Die beiden Passwörter sind nicht gleich. Bitte geben Sie sie noch einmal ein.
sign-up-problem-short = Das Passwort ist zu kurz. Bitte wählen Sie ein längeres.
sign-up-problem-long = Das Passwort ist zu lang. Bitte wählen Sie ein kürzeres.
sign-up-problem-common = Dieses Passwort wird beim Raten zuerst versucht. Bitte wählen Sie ein anderes.
sign-up-problem-name = Bitte prüfen Sie den Namen.
sign-up-problem-email = Bitte prüfen Sie die E-Mail-Adresse.
sign-up-problem-throttled = Es gab zu viele Versuche. Bitte warten Sie einige Minuten und versuchen Sie es dann erneut.
sign-up-problem-busy = Gerade melden sich sehr viele Menschen an. Bitte versuchen Sie es gleich noch einmal.

consent-title = { $client } den Zugriff auf Ihr Konto erlauben?
consent-user = Sie sind als { $user } angemeldet.
consent-list = { $client } könnte dann:
details-list = { $client } bittet Sie um Ihre Zustimmung:
details-other = { $name }: { $value }
consent-allow = Erlauben
consent-deny = Nicht erlauben
consent-destination = Danach kehren Sie zu { $host } zurück.
consent-remembered = Ihre Entscheidung wird gespeichert. Unter „Apps mit Zugriff“ können Sie sie jederzeit widerrufen.
consent-once = Ihre Entscheidung gilt nur für dieses Mal.

device-title = Gerät verbinden
device-intro = Geben Sie den Code ein, den Ihr Gerät anzeigt.
device-code = Code
device-submit = Weiter
device-here = Möchten Sie lieber auf Ihrem Telefon weitermachen? Das führt zur selben Seite.
device-problem-code = Mit diesem Code wartet kein Gerät. Bitte prüfen Sie ihn oder holen Sie sich auf dem Gerät einen neuen.
device-problem-throttled = Es gab zu viele Versuche. Bitte warten Sie einige Minuten und versuchen Sie es dann erneut.
device-confirm-title = { $client } auf einem Gerät verbinden?
device-confirm-compare = Zeigt das Gerät diesen Code?
device-address = Netzwerkadresse des Geräts
device-user-agent = Das Gerät nennt sich
device-began = Angefragt
device-minutes-ago = { $minutes ->
    [0] gerade eben
    [one] vor { $minutes } Minute
   *[other] vor { $minutes } Minuten
}
device-confirm-warning = Gehen Sie nur weiter, wenn Sie selbst damit begonnen haben, auf einem Gerät vor Ihnen. Hat Ihnen jemand den Code oder einen Link geschickt, gehen Sie nicht weiter.
device-confirm = Ja, weiter
device-deny = Nein, das war ich nicht
device-approved-title = Ihr Gerät ist verbunden
device-approved-text = { $client } geht auf dem Gerät von selbst weiter. Sie können diese Seite schließen.
device-denied-title = Das Gerät ist nicht verbunden
device-denied-text = { $client } bekommt keinen Zugriff. Sie können diese Seite schließen.

requests-title = Anfragen von Apps
requests-link = Anfragen von Apps beantworten
requests-asks = { $client } möchte Ihr Konto benutzen
requests-compare = Zeigt die App dasselbe?
requests-warning = Erlauben Sie es nur, wenn Sie selbst gerade damit begonnen haben.
requests-block = Nicht erlauben und sperren
requests-none = Keine App wartet auf Ihre Antwort.
requests-blocked = Apps, die Sie nicht fragen dürfen
requests-unblock = Wieder fragen lassen
requests-unblock-named = Wieder fragen lassen: { $client }
requests-allowed = Sie haben es erlaubt. Die App geht von selbst weiter.
requests-denied = Sie haben es nicht erlaubt.
requests-blocked-now = Sie haben es nicht erlaubt, und die App kann Sie nicht mehr fragen.
requests-unblocked-now = Die App darf Sie wieder fragen.
requests-gone = Diese Anfrage ist vorbei: Sie wurde beantwortet, oder ihre Zeit ist abgelaufen.
requests-code = Code für Anfragen
requests-code-about = Manche Apps fragen Sie nach diesem Code, bevor sie Ihnen eine Anfrage schicken können. Apps sehen den Code: Nehmen Sie nicht Ihr Passwort.
requests-code-new = Neuer Code
requests-code-set-it = Code festlegen
requests-code-remove = Code entfernen
requests-code-set = Sie haben einen neuen Code.
requests-code-removed = Sie haben keinen Code mehr.
requests-code-unfit = Dieser Code geht nicht. Er braucht 6 bis 64 Zeichen, muss schwer zu erraten sein und darf nicht Ihr Passwort sein.

claims-title = Mit { $client } weitermachen?
claims-server = { $client } möchte für Sie an etwas bei { $server } gelangen. Ob das erlaubt ist, entscheidet, wem es gehört: Dafür werden Sie gefragt, wer Sie sind.
claims-problem = Etwas wurde nicht beantwortet. Prüfen Sie die Antworten unten.
claims-choose = Bitte wählen
claims-learnt = { $server } erfährt diese Antwort.
claims-asserted = Wenn { $client } mitbringt, was eine andere Organisation über Sie sagt, erfährt { $server } davon: { $claims }
claims-persist = Nicht wieder fragen
claims-persist-hint = Was Sie antworten, wird für { $client } aufbewahrt. Sie können das jederzeit unter „Apps mit Zugriff“ beenden.
claims-continue = Weiter

sharing-title = Was Sie teilen
sharing-link = Was Sie teilen
sharing-waiting = Wartet auf Ihre Antwort
sharing-asks = { $person } bittet um Zugriff, mit { $client }
sharing-resources = Was Sie haben
sharing-who = Wer was darf
sharing-you = Sie
sharing-rule-ask = Sie werden vorher gefragt:
sharing-with-apps = mit { $clients }
sharing-until = bis { $date }
sharing-with-nobody = Sie teilen das mit niemandem.
sharing-take-back = Zurücknehmen
sharing-take-back-named = Zurücknehmen: { $resource }
sharing-person = { $resource } teilen mit (Benutzername)
sharing-scopes = Was damit getan werden darf
sharing-share = Teilen
sharing-ask = Andere fragen lassen
sharing-do-not-ask = Andere nicht fragen lassen
sharing-more = Weitere
sharing-none = Keine Anwendung verwahrt hier etwas von Ihnen.
sharing-shared = Sie teilen es jetzt.
sharing-taken-back = Sie teilen das nicht mehr.
sharing-asking = Andere dürfen Sie um Zugriff bitten.
sharing-not-asking = Niemand darf Sie mehr fragen.
sharing-nobody = Es gibt sonst niemanden mit diesem Benutzernamen.
sharing-throttled = Es gab zu viele Versuche. Bitte warten Sie einige Minuten und versuchen Sie es dann erneut.
sharing-gone = Nichts wurde geändert: Es ist nicht mehr da, oder nichts wurde gewählt.

scope-openid = Sie wiedererkennen, wenn Sie zurückkommen
scope-profile = Ihr Profil sehen, zum Beispiel Name, Bild und Geburtsdatum
scope-email = Ihre E-Mail-Adresse sehen
scope-address = Ihre Postanschrift sehen
scope-phone = Ihre Telefonnummer sehen
scope-offline-access = diesen Zugriff behalten, während Sie abwesend sind
scope-other = die Berechtigung „{ $name }“ nutzen
scope-resource = bei { $resource }
claims = diese Angaben über Sie sehen:

claim-sub = Ihre Kennung hier
claim-name = vollständiger Name
claim-given-name = Vorname
claim-family-name = Nachname
claim-middle-name = weiterer Vorname
claim-nickname = Spitzname
claim-preferred-username = Benutzername
claim-profile = Profilseite
claim-picture = Bild
claim-website = Website
claim-email = E-Mail-Adresse
claim-email-verified = ob Ihre E-Mail-Adresse bestätigt ist
claim-gender = Geschlecht
claim-birthdate = Geburtsdatum
claim-zoneinfo = Zeitzone
claim-locale = Sprache und Region
claim-phone-number = Telefonnummer
claim-phone-number-verified = ob Ihre Telefonnummer bestätigt ist
claim-address = Postanschrift
claim-updated-at = wann Ihr Profil zuletzt geändert wurde
claim-acr = wie sicher Sie angemeldet wurden
claim-auth-time = wann Sie sich zuletzt angemeldet haben

signed-in-title = Sie sind angemeldet
signed-in-user = Ihr Konto: { $user }
sign-out-title = Möchten Sie sich abmelden?
sign-out-client = { $client } möchte Sie abmelden.
sign-out-confirm = Abmelden
sign-out-stay = Angemeldet bleiben
sign-out-everywhere = Auf allen Geräten abmelden
signed-out-title = Sie sind abgemeldet
signed-out-text = Sie können diese Seite schließen. Schließen Sie an einem gemeinsam genutzten Computer alle Browserfenster.
logged-out-return = Sie werden zu { $client } zurückgeleitet.
logged-out-frame = Meldet Sie bei einer App ab

apps-title = Apps mit Zugriff
apps-none = Keine App hat Zugriff auf Ihr Konto.
apps-since = Erlaubt am { $date }
apps-signed-in = Angemeldet am { $date }
apps-start = Öffnen
apps-start-named = { $client } öffnen
apps-remove = Zugriff entziehen
apps-remove-named = Zugriff entziehen: { $client }
apps-removed = { $client } hat keinen Zugriff mehr auf Ihr Konto.
date = { $day }. { $month ->
    [1] Januar
    [2] Februar
    [3] März
    [4] April
    [5] Mai
    [6] Juni
    [7] Juli
    [8] August
    [9] September
    [10] Oktober
    [11] November
   *[12] Dezember
} { $year }

form-post-title = Zurück zu { $client }
form-post-text = Sie werden zur App zurückgeleitet. Wenn nichts geschieht, drücken Sie die Schaltfläche.
form-post-continue = Weiter

error-request-title = Diese Anfrage kann nicht ausgeführt werden
error-request-text = Die App hat eine ungültige Anfrage gesendet. Bitte kehren Sie zur App zurück und beginnen Sie erneut. Wenn es wieder geschieht, wenden Sie sich an die Betreiber der App.
error-expired-title = Diese Seite ist abgelaufen
error-expired-text = Die Anmeldung hat zu lange gedauert oder war bereits abgeschlossen. Bitte kehren Sie zur App zurück und beginnen Sie erneut.
error-forgery-title = Dieses Formular konnte nicht geprüft werden
error-forgery-text = Es kam nicht von der Seite, die Ihnen gezeigt wurde, oder Cookies sind gesperrt. Bitte kehren Sie zur App zurück und beginnen Sie erneut.
error-not-found-title = Seite nicht gefunden
error-not-found-text = Unter dieser Adresse gibt es nichts. Bitte prüfen Sie den Link.
error-throttled-title = Zu viele Versuche
error-throttled-text = Bitte warten Sie einige Minuten und versuchen Sie es dann erneut.
error-unavailable-title = Zurzeit nicht verfügbar
error-unavailable-text = Bitte versuchen Sie es in einer Minute erneut.
error-internal-title = Etwas ist schiefgegangen
error-internal-text = Der Fehler liegt bei uns. Bitte versuchen Sie es erneut. Wenn es wieder geschieht, bitten Sie um Hilfe.
error-support-code = Support-Code
error-support-note = Bitte nennen Sie diesen Code, wenn Sie um Hilfe bitten.
error-reason = Technischer Grund
error-support-link = Hilfe holen

dev-title = Signet läuft
dev-intro = Ein Anbieter für die Entwicklung, mit einem Benutzer und einem Client, die für Sie angelegt wurden.
dev-try = Ausprobieren: mit der Test-App anmelden
dev-username = Benutzername
dev-password = Passwort
dev-client = Test-App (client_id)
dev-issuer = Issuer
dev-discovery = Discovery-Dokument
dev-command = Verwaltung über die Kommandozeile
dev-warning = Schlüssel und Passwörter dieses Anbieters sind nur zum Ausprobieren. Verwenden Sie sie nie im Ernst.
test-client-title = Test-App
test-client-intro = Was bei dieser Anmeldung über die Leitung ging.
test-client-again = Noch einmal
test-client-start = Zurück zur Startseite
test-client-request = Autorisierungsanfrage
test-client-response = Autorisierungsantwort
test-client-token = Token-Antwort
test-client-id-token = ID-Token
test-client-access-token = Zugriffstoken
test-client-userinfo = UserInfo-Antwort
test-client-header = Header
test-client-claims = Claims
test-client-opaque = Dieses Zugriffstoken ist undurchsichtig: Nur der Anbieter kann es lesen.
