"""The tab Training."""

TEXTS = {  # key: (English, French)
    "training_history_tab": ("Training", "Apprentissage"),
    "stages": ("Stage of the training", "Étape de l’entraînement"),
    "stage": (
        "Step {step}: the critic has looked at {kimg} thousand pictures.",
        "Pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "stage_timed": (
        "After {minutes} minutes, step {step}: the critic has looked at {kimg} thousand pictures.",
        "Après {minutes} minutes, pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "baseline": (
        "The article’s network, at half its width, after {minutes} minutes on the same pictures (step {step}).",
        "Le réseau de l’article, à demi-largeur, après {minutes} minutes sur les mêmes images (pas {step}).",
    ),
    "stage_alt": (
        "What the network paints for seeds 0 to 15 after step {step}",
        "Ce que le réseau peint pour les graines 0 à 15 après le pas {step}",
    ),
    "wasserstein": (
        "How far apart the critic holds real and painted pictures",
        "À quelle distance le critique tient les vraies images et les peintes",
    ),
    "kid": ("Distance to real pictures it never saw (KID)", "Distance aux vraies images jamais vues (KID)"),
    "curve_ends": ("{first} at first, {last} at last", "{first} au début, {last} à la fin"),
    "training_history": (
        """<h3>Two networks play against each other</h3>
<p>The generator paints pictures from random numbers. The critic looks at them, and at real ones, and gives each a
score; it wants the real ones far above the painted ones. The generator changes a little so that its pictures
score higher, the critic a little so that they do not, thousands of times. That is a GAN, a generative
adversarial network.</p>
<h3>Why a gradient penalty</h3>
<p>A critic that may shout as loudly as it likes teaches nothing. Here its score may not change faster than the
picture does: the slope of the score is pulled towards 1 between real and painted pictures. Then the gap between
the scores measures how far the painted pictures are from the real ones (the Wasserstein distance), and the
generator always knows which way to go. The first curve is that gap.</p>
<h3>Whose pictures are these?</h3>
<p>The network that comes with this page has learnt from pictures that we drew by code for this purpose and gave
away (CC0), since the question who owns what a network learnt from is not a small one. The flowers it paints are
nobody’s: take them. Each file says in its metadata that a trained network has made it.</p>""",
        """<h3>Deux réseaux jouent l’un contre l’autre</h3>
<p>Le générateur peint des images à partir de nombres tirés au hasard. Le critique les regarde, ainsi que de vraies
images, et donne à chacune une note ; il veut les vraies loin au-dessus des peintes. Le générateur change un peu
pour que ses images soient mieux notées, le critique un peu pour qu’elles ne le soient pas, des milliers de
fois. C’est un GAN, un réseau antagoniste génératif.</p>
<h3>Pourquoi une pénalité de gradient</h3>
<p>Un critique qui peut crier aussi fort qu’il veut n’enseigne rien. Ici sa note ne peut pas changer plus vite que
l’image : la pente de la note est ramenée vers 1 entre les vraies images et les peintes. L’écart des notes
mesure alors à quelle distance les images peintes se trouvent des vraies (la distance de Wasserstein), et le
générateur sait toujours de quel côté aller. La première courbe est cet écart.</p>
<h3>À qui sont ces images ?</h3>
<p>Le réseau qui accompagne cette page a appris sur des images que nous avons dessinées par programme dans ce but
et données à tous (CC0), car savoir à qui appartient ce dont un réseau apprend n’est pas une petite question.
Les fleurs qu’il peint ne sont à personne : prenez-les. Chaque fichier dit dans ses métadonnées qu’un réseau
entraîné l’a fait.</p>""",
    ),
}
