"""Given and family names of the demo people, by country, already in the Latin letters that UCM user ids allow."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GIVEN: dict[str, tuple[str, ...]] = {
    "DE": _words(
        """
        Anna Lukas Marie Jonas Katharina Felix Johanna Maximilian Sophie Tobias Laura Stefan Julia Matthias Lena Andreas
        Sabine Florian Claudia Sebastian Petra Markus Monika Thomas Birgit Michael Heike Jan Franziska Oliver Susanne
        Christian Nadine Daniel Ulrike Martin Kerstin Philipp Anja Dirk Melanie Holger Silke Jens Antje Ralf Tanja Uwe
        Carolin Bernd Emma Paul Greta Moritz Ida Henrik Mila Leon Charlotte Niklas
        """
    ),
    "GB": _words(
        """
        Oliver Emily Harry Charlotte Jack Grace William Sophie Thomas Alice James Lucy George Hannah Edward Rebecca
        Samuel Eleanor Benjamin Victoria Alexander Claire Daniel Rachel Matthew Laura Andrew Helen Simon Joanna
        Christopher Fiona Stephen Nicola Richard Catherine Graham Karen Neil Tracey Ian Deborah Stuart Alison Gareth
        Megan Callum Isla Rhys Freya Hugh Imogen Dominic Harriet Adrian Beatrice Duncan Philippa Leonard Rosalind
        """
    ),
    "AE": _words(
        """
        Mohammed Fatima Ahmed Maryam Khalid Aisha Omar Noura Saeed Hessa Rashid Latifa Yousef Shamma Hamdan Amna Ali
        Salma Hassan Layla Ibrahim Zainab Mansour Reem Sultan Huda Tariq Dana Faisal Rania Karim Nadia Sami Yasmin Bilal
        Samira Majid Lina Adel Farah Nasser Dalal Hamad Mona Walid Ghada Ziad Rana Jamal Sara Anwar Iman Fadi Maha Imran
        Priya Rajesh Maria Jomar Anjali
        """
    ),
}

FAMILY: dict[str, tuple[str, ...]] = {
    "DE": _words(
        """
        Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schaefer Koch Bauer Richter Klein Wolf Schroeder
        Neumann Schwarz Zimmermann Braun Krueger Hofmann Hartmann Lange Schmitt Werner Krause Meier Lehmann Schmid
        Schulze Maier Koehler Herrmann Koenig Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Moeller Weiss Jung Hahn
        Schubert Vogel Friedrich Keller Guenther Frank Berger Winkler Roth Beck Lorenz Baumann Franke Albrecht Yilmaz
        Kowalski Novak Petersen Sommer Brandt Haas Graf Simon Dietrich Ziegler Kuhn Pohl Engel Horn Busch Bergmann
        Thomas Voigt Sauer
        """
    ),
    "GB": _words(
        """
        Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts
        Green Hall Wood Jackson Clarke Harrison Turner Hughes Edwards Cooper Ward Morris King Baker Lee Morgan Allen
        Moore Parker Bennett Cook Price Phillips Shaw Griffiths Carter Mitchell Collins Bailey Bell Richardson Cox Webb
        Simpson Marshall Ellis Adams Mason Murray Knight Palmer Chapman Fletcher Gibson Barker Patel Khan Begum Okafor
        OBrien Murphy Campbell Stewart Fraser Lawson Hargreaves Whitaker Pemberton Ashworth Holloway Prescott Lambert
        Sinclair Thornton Wells
        """
    ),
    "AE": _words(
        """
        AlMansoori AlMaktoum AlSuwaidi AlShamsi AlMazrouei AlKetbi AlNuaimi AlZaabi AlHosani AlDhaheri AlMarri AlFalasi
        AlQassimi AlBlooshi AlTayer AlGhurair AlHashimi AlRomaithi AlAmeri AlKaabi Haddad Khoury Mansour Nasser Saleh
        Darwish Hamdan Farouk Rahman Aziz Barakat Kassem Saad Younis Shaheen Qureshi Malik Siddiqui Hussain Sharif
        Sharma Nair Menon Iyer Kumar Santos Reyes Cruz Fernandes Pereira Najjar Bitar Awad Sabbagh Jaber Mahfouz Tamimi
        Zayed Ghanem Hakim
        """
    ),
}

NEIGHBOURS = {"DE": ("GB", "AE"), "GB": ("AE", "DE"), "AE": ("GB", "DE")}
"""Where the names of the people come from who moved to a country."""
