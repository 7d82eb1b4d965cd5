# Messages des pages en français. Chaque langue a les mêmes clés avec les mêmes variables.

title-problem = Erreur : { $title }

client-home = Site de { $client }
client-policy = Politique de confidentialité de { $client }
client-terms = Conditions d’utilisation de { $client }

login-title = Connexion
login-intro = pour continuer vers { $client }
login-again = Pour continuer, veuillez confirmer qu’il s’agit bien de vous : saisissez à nouveau votre mot de passe.
login-username = Nom d’utilisateur
login-password = Mot de passe
login-submit = Se connecter
login-cancel = Annuler
login-problem-credentials = Le nom d’utilisateur ou le mot de passe n’est pas correct. Veuillez vérifier les deux et réessayer.
login-problem-throttled = Il y a eu trop de tentatives. Veuillez patienter quelques minutes, puis réessayer.
login-problem-busy = Un très grand nombre de personnes se connectent en ce moment. Veuillez réessayer dans un instant.
login-sign-up = Créer un compte

# Création d’un compte
sign-up-title = Créer un compte
sign-up-name = Nom (facultatif)
sign-up-email = Adresse e-mail (facultative)
sign-up-password-hint = Au moins { $least } caractères. Quelques mots que vous seul assembleriez conviennent bien.
sign-up-repeated = Mot de passe, encore une fois
sign-up-submit = Créer le compte
sign-up-login = J’ai déjà un compte
sign-up-problem-username = Veuillez choisir un nom d’utilisateur de 1 à 255 caractères.
sign-up-problem-taken = Ce nom d’utilisateur est déjà pris. Veuillez en choisir un autre.
sign-up-problem-repeated = Les deux mots de passe ne sont pas identiques. Veuillez les saisir à nouveau.
sign-up-problem-short = Le mot de passe est trop court. Veuillez en choisir un plus long.
sign-up-problem-long = Le mot de passe est trop long. Veuillez en choisir un plus court.
sign-up-problem-common = Ce mot de passe est l’un des premiers que l’on essaie. Veuillez en choisir un autre.
sign-up-problem-name = Veuillez vérifier le nom.
sign-up-problem-email = Veuillez vérifier l’adresse e-mail.
sign-up-problem-throttled = Il y a eu trop de tentatives. Veuillez patienter quelques minutes, puis réessayer.
sign-up-problem-busy = Un très grand nombre de personnes se connectent en ce moment. Veuillez réessayer dans un instant.

consent-title = Autoriser { $client } à utiliser votre compte ?
consent-user = Vous êtes connecté en tant que { $user }.
consent-list = { $client } pourrait alors :
details-list = { $client } vous demande d’approuver :
details-other = { $name } : { $value }
consent-allow = Autoriser
consent-deny = Ne pas autoriser
consent-destination = Vous retournerez ensuite sur { $host }.
consent-remembered = Votre choix est enregistré. Vous pouvez le retirer à tout moment dans « Applications autorisées ».
consent-once = Votre choix ne vaut que pour cette fois.

# Appareils sans clavier ou sans navigateur
device-title = Connecter un appareil
device-intro = Saisissez le code affiché par votre appareil.
device-code = Code
device-submit = Continuer
device-here = Vous préférez continuer sur votre téléphone ? Ce code mène à la même page.
device-problem-code = Aucun appareil n’attend avec ce code. Vérifiez-le, ou demandez-en un nouveau sur l’appareil.
device-problem-throttled = Il y a eu trop de tentatives. Attendez quelques minutes, puis réessayez.
device-confirm-title = Connecter { $client } sur un appareil ?
device-confirm-compare = L’appareil affiche-t-il ce code ?
device-address = Adresse réseau de l’appareil
device-user-agent = L’appareil s’appelle
device-began = Demandé
device-minutes-ago = { $minutes ->
    [0] à l’instant
    [one] il y a { $minutes } minute
   *[other] il y a { $minutes } minutes
}
device-confirm-warning = Continuez seulement si vous avez commencé vous-même, sur un appareil devant vous. Si quelqu’un vous a envoyé le code ou un lien, ne continuez pas.
device-confirm = Oui, continuer
device-deny = Non, ce n’était pas moi
device-approved-title = Votre appareil est connecté
device-approved-text = { $client } continue tout seul sur l’appareil. Vous pouvez fermer cette page.
device-denied-title = L’appareil n’est pas connecté
device-denied-text = { $client } n’obtient aucun accès. Vous pouvez fermer cette page.

# Ce que des applications demandent sur un autre appareil
requests-title = Demandes d’applications
requests-link = Répondre aux demandes d’applications
requests-asks = { $client } veut utiliser votre compte
requests-compare = L’application affiche-t-elle la même chose ?
requests-warning = Autorisez seulement si vous avez commencé vous-même, à l’instant.
requests-block = Ne pas autoriser et bloquer
requests-none = Aucune application n’attend votre réponse.
requests-blocked = Applications qui ne peuvent pas vous demander
requests-unblock = La laisser demander de nouveau
requests-unblock-named = La laisser demander de nouveau : { $client }
requests-allowed = Vous avez autorisé. L’application continue toute seule.
requests-denied = Vous n’avez pas autorisé.
requests-blocked-now = Vous n’avez pas autorisé, et l’application ne peut plus vous demander.
requests-unblocked-now = L’application peut de nouveau vous demander.
requests-gone = Cette demande est terminée : elle a reçu une réponse, ou son temps est écoulé.
requests-code = Code pour les demandes
requests-code-about = Certaines applications vous demandent ce code avant de pouvoir vous envoyer une demande. Les applications voient le code : n’utilisez pas votre mot de passe.
requests-code-new = Nouveau code
requests-code-set-it = Définir le code
requests-code-remove = Supprimer le code
requests-code-set = Vous avez un nouveau code.
requests-code-removed = Vous n’avez plus de code.
requests-code-unfit = Ce code ne convient pas. Il doit avoir de 6 à 64 caractères, être difficile à deviner et ne pas être votre mot de passe.

claims-title = Continuer avec { $client } ?
claims-server = { $client } veut accéder pour vous à quelque chose chez { $server }. La personne à qui cela appartient en décide : pour cela, on vous demande qui vous êtes.
claims-problem = Il manque une réponse. Vérifiez les réponses ci-dessous.
claims-choose = Veuillez choisir
claims-learnt = Cette réponse est communiquée à { $server }.
claims-asserted = Si { $client } apporte ce qu’une autre organisation dit de vous, { $server } en reçoit : { $claims }
claims-persist = Ne plus me demander
claims-persist-hint = Vos réponses sont conservées pour { $client }. Vous pouvez y mettre fin à tout moment sous « Applications autorisées ».
claims-continue = Continuer

sharing-title = Ce que vous partagez
sharing-link = Ce que vous partagez
sharing-waiting = En attente de votre réponse
sharing-asks = { $person } demande l’accès, avec { $client }
sharing-resources = Ce que vous avez
sharing-who = Qui peut faire quoi
sharing-you = Vous
sharing-rule-ask = On vous demande d’abord :
sharing-with-apps = avec { $clients }
sharing-until = jusqu’au { $date }
sharing-with-nobody = Vous ne partagez ceci avec personne.
sharing-take-back = Retirer
sharing-take-back-named = Retirer : { $resource }
sharing-person = Partager { $resource } avec (nom d’utilisateur)
sharing-scopes = Ce qui peut en être fait
sharing-share = Partager
sharing-ask = Laisser les autres demander
sharing-do-not-ask = Ne pas laisser les autres demander
sharing-more = Suite
sharing-none = Aucune application ne garde ici quelque chose de vous.
sharing-shared = Vous le partagez désormais.
sharing-taken-back = Vous ne partagez plus cela.
sharing-asking = D’autres peuvent vous demander l’accès.
sharing-not-asking = Personne ne peut plus vous demander.
sharing-nobody = Il n’y a personne d’autre avec ce nom d’utilisateur.
sharing-throttled = Il y a eu trop de tentatives. Attendez quelques minutes, puis réessayez.
sharing-gone = Rien n’a été modifié : ce n’est plus là, ou rien n’a été choisi.

scope-openid = vous reconnaître lorsque vous revenez
scope-profile = voir votre profil, par exemple votre nom, votre photo et votre date de naissance
scope-email = voir votre adresse e-mail
scope-address = voir votre adresse postale
scope-phone = voir votre numéro de téléphone
scope-offline-access = conserver cet accès en votre absence
scope-other = utiliser l’autorisation « { $name } »
scope-resource = auprès de { $resource }
claims = voir ces informations vous concernant :

claim-sub = votre identifiant ici
claim-name = nom complet
claim-given-name = prénom
claim-family-name = nom de famille
claim-middle-name = deuxième prénom
claim-nickname = surnom
claim-preferred-username = nom d’utilisateur
claim-profile = page de profil
claim-picture = photo
claim-website = site web
claim-email = adresse e-mail
claim-email-verified = si votre adresse e-mail est confirmée
claim-gender = genre
claim-birthdate = date de naissance
claim-zoneinfo = fuseau horaire
claim-locale = langue et région
claim-phone-number = numéro de téléphone
claim-phone-number-verified = si votre numéro de téléphone est confirmé
claim-address = adresse postale
claim-updated-at = quand votre profil a été modifié pour la dernière fois
claim-acr = le niveau de sécurité de votre connexion
claim-auth-time = quand vous vous êtes connecté pour la dernière fois

signed-in-title = Vous êtes connecté
signed-in-user = Votre compte : { $user }
sign-out-title = Voulez-vous vous déconnecter ?
sign-out-client = { $client } demande à vous déconnecter.
sign-out-confirm = Se déconnecter
sign-out-stay = Rester connecté
sign-out-everywhere = Se déconnecter de tous les appareils
signed-out-title = Vous êtes déconnecté
signed-out-text = Vous pouvez fermer cette page. Sur un ordinateur partagé, fermez toutes les fenêtres du navigateur.
logged-out-return = Vous êtes redirigé vers { $client }.
logged-out-frame = Vous déconnecte d’une app

apps-title = Applications autorisées
apps-none = Aucune application n’a accès à votre compte.
apps-since = Autorisée le { $date }
apps-signed-in = Connexion le { $date }
apps-start = Ouvrir
apps-start-named = Ouvrir { $client }
apps-remove = Retirer l’accès
apps-remove-named = Retirer l’accès de { $client }
apps-removed = { $client } n’a plus accès à votre compte.
date = { $day ->
    [1] 1er
   *[other] { $day }
} { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
} { $year }

form-post-title = Retour à { $client }
form-post-text = Vous allez être redirigé vers l’application. Si rien ne se passe, appuyez sur le bouton.
form-post-continue = Continuer

error-request-title = Cette demande ne peut pas être traitée
error-request-text = L’application a envoyé une demande non valide. Veuillez retourner à l’application et recommencer. Si cela se reproduit, prévenez les responsables de l’application.
error-expired-title = Cette page a expiré
error-expired-text = La connexion a pris trop de temps ou était déjà terminée. Veuillez retourner à l’application et recommencer.
error-forgery-title = Ce formulaire n’a pas pu être vérifié
error-forgery-text = Il ne vient pas de la page qui vous a été présentée, ou les cookies sont bloqués. Veuillez retourner à l’application et recommencer.
error-not-found-title = Page introuvable
error-not-found-text = Il n’y a rien à cette adresse. Veuillez vérifier le lien.
error-throttled-title = Trop de tentatives
error-throttled-text = Veuillez patienter quelques minutes, puis réessayer.
error-unavailable-title = Momentanément indisponible
error-unavailable-text = Veuillez réessayer dans une minute.
error-internal-title = Une erreur s’est produite
error-internal-text = L’erreur vient de notre côté. Veuillez réessayer ; si cela se reproduit, demandez de l’aide.
error-support-code = Code d’assistance
error-support-note = Si vous demandez de l’aide, veuillez indiquer ce code.
error-reason = Raison technique
error-support-link = Obtenir de l’aide

dev-title = Signet fonctionne
dev-intro = Un fournisseur pour le développement, avec un utilisateur et un client créés pour vous.
dev-try = Essayer : se connecter avec l’application de test
dev-username = Nom d’utilisateur
dev-password = Mot de passe
dev-client = Application de test (client_id)
dev-issuer = Émetteur
dev-discovery = Document de découverte
dev-command = L’administrer en ligne de commande
dev-warning = Les clés et mots de passe de ce fournisseur servent à faire des essais. Ne les utilisez jamais pour de vrai.
test-client-title = Application de test
test-client-intro = Ce qui a été échangé lors de cette connexion.
test-client-again = Recommencer
test-client-start = Retour à la page d’accueil
test-client-request = Demande d’autorisation
test-client-response = Réponse d’autorisation
test-client-token = Réponse du point d’accès aux jetons
test-client-id-token = Jeton d’identité
test-client-access-token = Jeton d’accès
test-client-userinfo = Réponse UserInfo
test-client-header = En-tête
test-client-claims = Revendications
test-client-opaque = Ce jeton d’accès est opaque : seul le fournisseur peut le lire.
