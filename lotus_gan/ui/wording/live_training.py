"""The tab Train it yourself."""

TEXTS = {  # key: (English, French)
    "live_training_tab": ("Train it yourself", "Entraînez-le vous-même"),
    "source": ("Images to learn from", "Images pour l’entraînement"),
    "source_ours": ("our 68 lotuses", "nos 68 lotus"),
    "source_mine": ("mine", "les miennes"),
    "live_files": ("10 to 70 images", "De 10 à 70 images"),
    "live_start": ("Train", "Entraîner"),
    "live_stop": ("Stop", "Arrêter"),
    "live_go_on": ("Go on", "Continuer"),
    "live_download": ("The small model", "Le petit modèle"),
    "live_info": (
        "The article’s experiment on a small scale: two networks at 32 px, for a few minutes, on one core of this "
        "server. One visitor at a time; the others wait in a line. Your images are shown to nobody else and deleted "
        "after an hour.",
        "L’expérience de l’article en petit : deux réseaux à 32 px, pendant quelques minutes, sur un cœur de ce "
        "serveur. Un visiteur à la fois ; les autres font la queue. Vos images ne sont montrées à personne d’autre, et "
        "sont effacées après une heure.",
    ),
    "live_idle": (
        "The generator’s images appear here a few seconds after you press Train; new ones come every two seconds.",
        "Les images du générateur apparaissent ici quelques secondes après Entraîner, puis de nouvelles toutes les "
        "deux secondes.",
    ),
    "live_line_1": (
        "You are next: your turn comes within {seconds} seconds.",
        "Vous êtes le prochain : votre tour vient d’ici {seconds} secondes.",
    ),
    "live_line": (
        "{ahead} are before you: your turn comes within {minutes} minutes.",
        "{ahead} personnes sont devant vous : votre tour vient d’ici {minutes} minutes.",
    ),
    "live_reading": ("The images are read.", "Les images sont lues."),
    "live_progress": (
        "{seconds} of {turn} seconds, step {step}: the critic has looked at {kimg} thousand images.",
        "{seconds} secondes sur {turn}, pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "live_done": (
        "Stopped at step {step}: the critic has looked at {kimg} thousand images. Go on, or take the model with you.",
        "Arrêté au pas {step} : le critique a regardé {kimg} milliers d’images. Continuez, ou emportez le modèle.",
    ),
    "live_left": ("You have left the line.", "Vous avez quitté la file."),
    "live_fake": ("Generated images", "Images générées"),
    "live_real": ("Training images", "Images d’entraînement"),
    "live_wasserstein": (
        "Wasserstein estimate: how far apart the critic holds real and generated images",
        "Estimation de Wasserstein : à quelle distance le critique tient les vraies images et les générées",
    ),
    "live_penalty": (
        "Gradient penalty: how far the critic’s slope is from 1",
        "Pénalité de gradient : à quelle distance de 1 se trouve la pente du critique",
    ),
    "live_home": (
        "At home, the real network learns 128 px from the same folder of images:",
        "Chez vous, le vrai réseau apprend en 128 px du même dossier d’images :",
    ),
    "live_skipped": (
        "{skipped} of {files} files are left out. {name}: {why}",
        "{skipped} fichiers sur {files} sont laissés de côté. {name} : {why}",
    ),
    "live_too_few_read": (
        "{read} of {files} files could be read, and at least {least} images are needed. {name}: {why}",
        "{read} fichiers sur {files} ont pu être lus, et il faut au moins {least} images. {name} : {why}",
    ),
    "live_count_refused": (
        "Choose {least} to {most} images, got {count}.",
        "Choisissez de {least} à {most} images ({count} reçues).",
    ),
    "live_died": (
        "The training process has ended before its time; this page goes on. Try again.",
        "Le processus d’entraînement s’est terminé avant l’heure ; cette page continue. Réessayez.",
    ),
    "live_gone": (
        "There is nothing to go on with: images and networks are deleted after an hour. Start again.",
        "Il n’y a rien à continuer : images et réseaux sont effacés après une heure. Recommencez.",
    ),
}
