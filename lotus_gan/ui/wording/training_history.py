"""The tab Training."""

TEXTS = {  # key: (English, French)
    "training_history_tab": ("Training", "Apprentissage"),
    "stages": ("Stage of the training", "Étape de l’entraînement"),
    "stage": (
        "Step {step}: the critic has looked at {kimg} thousand images.",
        "Pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "stage_timed": (
        "After {minutes} minutes, step {step}: the critic has looked at {kimg} thousand images.",
        "Après {minutes} minutes, pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "baseline": (
        "The article’s network, at half its width, after {minutes} minutes on the same images (step {step}).",
        "Le réseau de l’article, à demi-largeur, après {minutes} minutes sur les mêmes images (pas {step}).",
    ),
    "stage_alt": (
        "What the network generates for seeds 0 to 15 after step {step}",
        "Ce que le réseau génère pour les graines 0 à 15 après le pas {step}",
    ),
    "wasserstein": (
        "How far apart the critic holds real and generated images",
        "À quelle distance le critique tient les vraies images et les générées",
    ),
    "kid": ("Distance to real images it never saw (KID)", "Distance aux vraies images jamais vues (KID)"),
    "curve_ends": ("{first} at first, {last} at last", "{first} au début, {last} à la fin"),
    "training_history": (
        """<h3>Two networks play against each other</h3>
<p>The generator makes images from random numbers. The critic looks at them, and at real ones, and gives each a
score; it wants the real ones far above the generated ones. The generator changes a little so that its images
score higher, the critic a little so that they do not, thousands of times. That is a GAN, a generative
adversarial network.</p>
<h3>Why a gradient penalty</h3>
<p>A critic whose scores may be as large as it likes teaches nothing. Here its score may not change faster than the
image does: the slope of the score is pulled towards 1 between real and generated images. Then the gap between
the scores measures how far the generated images are from the real ones (the Wasserstein distance), and the
generator always knows which way to go. The first curve is that gap.</p>
<h3>Whose images are these?</h3>
<p>The network that comes with this page was trained on images that we rendered by code for this purpose and gave
away (CC0), since the question who owns what a network learns from is not a small one. The flowers it generates are
nobody’s: take them. Each file says in its metadata that a trained network has made it.</p>""",
        """<h3>Deux réseaux jouent l’un contre l’autre</h3>
<p>Le générateur fait des images à partir de nombres tirés au hasard. Le critique les regarde, ainsi que de vraies
images, et donne à chacune une note ; il veut les vraies loin au-dessus des générées. Le générateur change un peu
pour que ses images soient mieux notées, le critique un peu pour qu’elles ne le soient pas, des milliers de
fois. C’est un GAN, un réseau antagoniste génératif.</p>
<h3>Pourquoi une pénalité de gradient</h3>
<p>Un critique dont les notes peuvent être aussi grandes qu’il veut n’enseigne rien. Ici sa note ne peut pas
changer plus vite que l’image : la pente de la note est ramenée vers 1 entre les vraies images et les générées.
L’écart des notes mesure alors à quelle distance les images générées se trouvent des vraies (la distance de
Wasserstein), et le générateur sait toujours de quel côté aller. La première courbe est cet écart.</p>
<h3>À qui sont ces images ?</h3>
<p>Le réseau qui accompagne cette page a appris sur des images que nous avons calculées par programme dans ce but
et données à tous (CC0), car savoir à qui appartient ce dont un réseau apprend n’est pas une petite question.
Les fleurs qu’il génère ne sont à personne : prenez-les. Chaque fichier dit dans ses métadonnées qu’un réseau
entraîné l’a fait.</p>""",
    ),
}
