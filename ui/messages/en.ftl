# Messages of the pages. Every language has the same keys with the same variables.
# Spelled for people who have never heard of OAuth; an application is an "app".

title-problem = Error: { $title }

# Where the app tells about itself
client-home = Website of { $client }
client-policy = Privacy policy of { $client }
client-terms = Terms of service of { $client }

# Login
login-title = Sign in
login-intro = to continue to { $client }
login-again = To go on, please confirm that it is you: enter your password again.
login-username = Username
login-password = Password
login-submit = Sign in
login-cancel = Cancel
login-problem-credentials = The username or the password is not right. Please check both and try again.
login-problem-throttled = There were too many attempts. Please wait a few minutes, then try again.
login-problem-busy = Very many people are signing in right now. Please try again in a moment.
login-sign-up = Create an account

# Making an account
sign-up-title = Create an account
sign-up-name = Name (optional)
sign-up-email = E-mail address (optional)
sign-up-password-hint = At least { $least } characters. A few words that only you would put together are good.
sign-up-repeated = Password again
sign-up-submit = Create account
sign-up-login = I have an account
sign-up-problem-username = Please choose a username of 1 to 255 characters.
sign-up-problem-taken = Somebody has this username already. Please choose another one.
sign-up-problem-repeated = The two passwords are not the same. Please enter them again.
sign-up-problem-short = The password is too short. Please choose a longer one.
sign-up-problem-long = The password is too long. Please choose a shorter one.
sign-up-problem-common = Guessers try this password first. Please choose another one.
sign-up-problem-name = Please check the name.
sign-up-problem-email = Please check the e-mail address.
sign-up-problem-throttled = There were too many attempts. Please wait a few minutes, then try again.
sign-up-problem-busy = Very many people are signing in right now. Please try again in a moment.

# Consent
consent-title = Allow { $client } to use your account?
consent-user = You are signed in as { $user }.
consent-list = { $client } would be able to:
details-list = { $client } asks you to approve:
details-other = { $name }: { $value }
consent-allow = Allow
consent-deny = Don’t allow
consent-destination = Afterwards you return to { $host }.
consent-remembered = Your choice is remembered. You can withdraw it at any time under “Apps with access”.
consent-once = Your choice holds for this time only.

# Devices without a keyboard or a browser
device-title = Connect a device
device-intro = Enter the code that your device shows.
device-code = Code
device-submit = Continue
device-here = Would you rather go on at your phone? This leads to the same page.
device-problem-code = No device is waiting with this code. Please check it, or get a new one on the device.
device-problem-throttled = There were too many attempts. Please wait a few minutes, then try again.
device-confirm-title = Connect { $client } on a device?
device-confirm-compare = Does the device show this code?
device-address = Network address of the device
device-user-agent = The device calls itself
device-began = Requested
device-minutes-ago = { $minutes ->
    [0] just now
    [one] { $minutes } minute ago
   *[other] { $minutes } minutes ago
}
device-confirm-warning = Continue only if you began this yourself, on a device in front of you. If somebody sent you the code or a link, do not continue.
device-confirm = Yes, continue
device-deny = No, it was not me
device-approved-title = Your device is connected
device-approved-text = { $client } goes on by itself on the device. You can close this page.
device-denied-title = The device is not connected
device-denied-text = { $client } gets no access. You can close this page.

# What apps ask at another device
requests-title = Requests from apps
requests-link = Answer requests from apps
requests-asks = { $client } wants to use your account
requests-compare = Does the app show the same?
requests-warning = Allow it only if you began this yourself, just now.
requests-block = Don’t allow, and block
requests-none = No app is waiting for your answer.
requests-blocked = Apps that may not ask you
requests-unblock = Let it ask again
requests-unblock-named = Let it ask again: { $client }
requests-allowed = You allowed it. The app goes on by itself.
requests-denied = You did not allow it.
requests-blocked-now = You did not allow it, and the app cannot ask you any more.
requests-unblocked-now = The app may ask you again.
requests-gone = This request is over: it was answered, or its time has run out.
requests-code = Code for requests
requests-code-about = Some apps ask you for this code before they can send you a request. Apps see the code: do not use your password.
requests-code-new = New code
requests-code-set-it = Set the code
requests-code-remove = Remove the code
requests-code-set = You have a new code.
requests-code-removed = You have no code any more.
requests-code-unfit = This code cannot be used. It needs 6 to 64 characters, must be hard to guess, and must not be your password.

claims-title = Go on with { $client }?
claims-server = { $client } wants to get at something at { $server } for you. Whether it may, its owner decides: for that, you are asked who you are.
claims-problem = Something was not answered. Check the answers below.
claims-choose = Please choose
claims-learnt = { $server } learns this answer.
claims-asserted = If { $client } brings along what another organization says of you, { $server } learns of it: { $claims }
claims-persist = Do not ask me again
claims-persist-hint = What you answer is kept for { $client }. You can end that at any time under “Apps with access”.
claims-continue = Go on

sharing-title = What you share
sharing-link = What you share
sharing-waiting = Waiting for your answer
sharing-asks = { $person } asks for access, with { $client }
sharing-resources = What you have
sharing-who = Who may do what
sharing-you = You
sharing-rule-ask = You are asked first:
sharing-with-apps = with { $clients }
sharing-until = until { $date }
sharing-with-nobody = You share this with nobody.
sharing-take-back = Take back
sharing-take-back-named = Take back: { $resource }
sharing-person = Share { $resource } with (username)
sharing-scopes = What may be done with it
sharing-share = Share
sharing-ask = Let others ask
sharing-do-not-ask = Do not let others ask
sharing-more = More
sharing-none = No application keeps anything of yours here.
sharing-shared = You share it now.
sharing-taken-back = You do not share that any more.
sharing-asking = Others may ask you for access.
sharing-not-asking = Nobody may ask you any more.
sharing-nobody = There is nobody else with this username.
sharing-throttled = There were too many attempts. Please wait a few minutes, then try again.
sharing-gone = Nothing was changed: it is not there any more, or nothing was chosen.

# What an app may do. Each completes "{ $client } would be able to:".
scope-openid = recognise you when you come back
scope-profile = see your profile, such as your name, picture and date of birth
scope-email = see your email address
scope-address = see your postal address
scope-phone = see your phone number
scope-offline-access = keep this access while you are away
scope-other = use the permission “{ $name }”
scope-resource = at { $resource }
claims = see these details about you:

# Single details about a person
claim-sub = your identifier here
claim-name = full name
claim-given-name = given name
claim-family-name = family name
claim-middle-name = middle name
claim-nickname = nickname
claim-preferred-username = username
claim-profile = profile page
claim-picture = picture
claim-website = website
claim-email = email address
claim-email-verified = whether your email address is confirmed
claim-gender = gender
claim-birthdate = date of birth
claim-zoneinfo = time zone
claim-locale = language and region
claim-phone-number = phone number
claim-phone-number-verified = whether your phone number is confirmed
claim-address = postal address
claim-updated-at = when your profile was last changed
claim-acr = how strongly you were authenticated
claim-auth-time = when you last signed in

# Session
signed-in-title = You are signed in
signed-in-user = Your account: { $user }
sign-out-title = Do you want to sign out?
sign-out-client = { $client } asks to sign you out.
sign-out-confirm = Sign out
sign-out-stay = Stay signed in
sign-out-everywhere = Sign out on all devices
signed-out-title = You are signed out
signed-out-text = You can close this page. On a computer that others use too, close all browser windows.
logged-out-return = You are being sent back to { $client }.
logged-out-frame = Signs you out of an app

# Apps with access
apps-title = Apps with access
apps-none = No app has access to your account.
apps-since = Allowed on { $date }
apps-signed-in = Signed in on { $date }
apps-start = Open
apps-start-named = Open { $client }
apps-remove = Remove access
apps-remove-named = Remove access of { $client }
apps-removed = { $client } no longer has access to your account.
date = { $day } { $month ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
} { $year }

# Return to the app by a form
form-post-title = Back to { $client }
form-post-text = You are being sent back to the app. If nothing happens, press the button.
form-post-continue = Continue

# Errors: a heading and what to do
error-request-title = This request cannot be carried out
error-request-text = The app sent a request that is not valid. Please go back to the app and start again. If it happens once more, tell the people who run the app.
error-expired-title = This page has expired
error-expired-text = Signing in took too long, or it was already finished. Please go back to the app and start again.
error-forgery-title = This form could not be verified
error-forgery-text = It was not sent from the page that was shown to you, or cookies are blocked. Please go back to the app and start again.
error-not-found-title = Page not found
error-not-found-text = There is nothing at this address. Please check the link.
error-throttled-title = Too many attempts
error-throttled-text = Please wait a few minutes, then try again.
error-unavailable-title = Out of service for the moment
error-unavailable-text = Please try again in a minute.
error-internal-title = Something went wrong
error-internal-text = The fault is on our side. Please try again; if it happens once more, ask for help.
error-support-code = Support code
error-support-note = If you ask for help, please give this code.
error-reason = Technical reason
error-support-link = Get help

# Development
dev-title = Signet is running
dev-intro = A provider for development, with a user and a client that were made for you.
dev-try = Try it: sign in with the test app
dev-username = Username
dev-password = Password
dev-client = Test app (client_id)
dev-issuer = Issuer
dev-discovery = Discovery document
dev-command = Administer it from the command line
dev-warning = Keys and passwords of this provider are for trying things out. Never use them for anything real.
test-client-title = Test app
test-client-intro = What went over the wire in this sign-in.
test-client-again = Run it again
test-client-start = Back to the start page
test-client-request = Authorization request
test-client-response = Authorization response
test-client-token = Token response
test-client-id-token = ID token
test-client-access-token = Access token
test-client-userinfo = UserInfo response
test-client-header = Header
test-client-claims = Claims
test-client-opaque = This access token is opaque: only the provider can read it.
